import { messageOf } from '../../errors.ts';

const POLL_MS = 2_000;

/**
 * Runs `revive` whenever `isRunning` says no, until the returned function is called. A server that the kernel killed
 * for want of memory would otherwise stay away until the service is restarted. Each reason why it does not come back
 * is logged once. Keeps no process alive.
 */
export function keepRunning(
  isRunning: () => Promise<boolean>,
  revive: () => Promise<void>,
  log: (message: string) => void,
): () => void {
  let stopped = false;
  let lastFailure = '';
  const check = async () => {
    try {
      if (await isRunning()) return;
      if (!stopped) await revive();
      lastFailure = '';
    } catch (error) {
      const failure = messageOf(error);
      if (failure !== lastFailure) log(failure);
      lastFailure = failure;
    }
  };
  const schedule = () => {
    if (!stopped) timer = setTimeout(() => void check().then(schedule), POLL_MS).unref();
  };
  let timer: NodeJS.Timeout | undefined;
  schedule();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
