import { hasCode } from '../errors.ts';

/** Tries before the caller gives its place in the queue to others. */
const LOCK_TRIES = 60;
const LOCK_PAUSE_MS = 500;

/**
 * Does `work`, a transaction that waits for locks only briefly, again and again while somebody holds one: in between
 * nothing is held, so that nobody queues behind us. `translate` turns what `work` throws into what is thrown here.
 */
export async function retryLocks<T>(
  work: () => Promise<T>,
  translate: (error: unknown) => unknown,
  signal: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const problem = translate(error);
      const again = hasCode(problem, 'LOCK_TIMEOUT') && attempt < LOCK_TRIES && !signal.aborted;
      if (!again) throw problem;
      await pause(LOCK_PAUSE_MS * (0.5 + Math.random()));
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
