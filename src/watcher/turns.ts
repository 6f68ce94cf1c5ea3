const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds on a clock that never jumps; its zero has no meaning. */
export function monotonicMs(): number {
  return performance.now();
}

/**
 * Runs one job again and again, never twice at a time, each turn at the earliest time anybody asked for.
 * Sleeps on a single timer in between.
 */
export class Turns {
  readonly #job: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;
  #stopped = false;

  /** @param job must not reject; what it rejects with is an unhandled rejection */
  constructor(job: () => Promise<void>) {
    this.#job = job;
  }

  /** A turn begins in `delayMs` at the latest, or right after the one that is running then. */
  within(delayMs: number): void {
    const dueAt = monotonicMs() + delayMs;
    if (this.#stopped || dueAt >= this.#dueAt) return;
    this.#dueAt = dueAt;
    if (this.#running === undefined) this.#arm();
  }

  /** Resolves when the running turn has ended; no other begins. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#stopped || this.#dueAt === Number.POSITIVE_INFINITY) return;
    const delay = Math.min(LONGEST_TIMER_MS, Math.max(0, Math.ceil(this.#dueAt - monotonicMs())));
    this.#timer = setTimeout(() => this.#begin(), delay);
  }

  #begin(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#running = this.#job().finally(() => {
      this.#running = undefined;
      this.#arm();
    });
  }
}
