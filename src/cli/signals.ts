import { SluiceError } from '../errors.ts';
import type { Log } from '../log.ts';

/** Milliseconds that running loads have to end by themselves after the first signal. */
const GRACE_MS = 3_000;

/** Milliseconds from a signal to the end of a service that hangs; ten seconds are promised. */
const LAST_MS = 8_500;

export interface Stoppable {
  stop(graceMs: number): Promise<void>;
  abortNow(): void;
}

let signalled = false;

/** True once a signal has ended something that was being worked on. */
export function wasSignalled(): boolean {
  return signalled;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs `work` until it ends or a signal comes. The first SIGINT or SIGTERM stops it in order, the second rolls
 * everything back at once. Gives true when a signal ended it. Afterwards signals are ignored: what is left to do is to
 * close, which ends by itself soon and must not be cut short. (Ctrl-C under npm sends the signal twice.)
 */
export async function untilSignalled(stoppable: Stoppable, work: Promise<void>): Promise<boolean> {
  let signals = 0;
  let stopped: Promise<void> | null = null;
  let onFirst: () => void = () => {};
  const first = new Promise<void>((resolve) => {
    onFirst = resolve;
  });
  const onSignal = () => {
    signalled = true;
    signals++;
    if (signals > 1) stoppable.abortNow();
    else {
      stopped = stoppable.stop(GRACE_MS);
      onFirst();
    }
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    await Promise.race([work, first]);
    if (stopped !== null) await stopped;
    return stopped !== null;
  } finally {
    ignoreSignals();
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

/**
 * Opens what has to be closed again. A signal meanwhile, which would leave an embedded server running that nobody uses,
 * is answered once it is open; a second one ends the process.
 */
export async function openUninterrupted<T extends { close(): Promise<void> }>(
  open: () => Promise<T>,
): Promise<T> {
  let signalled = false;
  const onSignal = () => {
    signalled = true;
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    const opened = await open();
    if (!signalled) return opened;
    await opened.close();
    throw new SluiceError('COMMAND_STOPPED', {});
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

/**
 * Ends the process some seconds after the first signal, if it has not ended by then: what hangs is a line to the
 * database that is dead without having been cut. Nothing is lost, the server rolls back when it notices.
 */
export function endInTime(log: Log, exitCode: number): void {
  const end = () => {
    log.warn('the database does not answer; ending without it, it rolls back by itself');
    void log.close().finally(() => process.exit(exitCode));
  };
  const onSignal = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    setTimeout(end, LAST_MS).unref();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function ignoreSignals(): void {
  for (const signal of SIGNALS) {
    if (!process.listeners(signal).includes(ignore)) process.on(signal, ignore);
  }
}

function ignore(): void {}
