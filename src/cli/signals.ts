/** Milliseconds that running loads have to end by themselves after the first signal. */
const GRACE_MS = 3_000;

export interface Stoppable {
  stop(graceMs: number): Promise<void>;
  abortNow(): void;
}

/**
 * Runs `work` until it ends or a signal comes. The first SIGINT or SIGTERM stops it in order, the second rolls
 * everything back at once. Gives true when a signal ended it.
 */
export async function untilSignalled(stoppable: Stoppable, work: Promise<void>): Promise<boolean> {
  let signals = 0;
  let stopped: Promise<void> | null = null;
  let onFirst: () => void = () => {};
  const first = new Promise<void>((resolve) => {
    onFirst = resolve;
  });
  const onSignal = () => {
    signals++;
    if (signals > 1) stoppable.abortNow();
    else {
      stopped = stoppable.stop(GRACE_MS);
      onFirst();
    }
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    await Promise.race([work, first]);
    if (stopped !== null) await stopped;
    return stopped !== null;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
