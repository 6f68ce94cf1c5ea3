import PQueue from 'p-queue';
import type { Pool } from 'pg';
import { toSluiceError } from '../db/database-error.ts';
import { hasCode, SluiceError } from '../errors.ts';
import type { Leases } from '../ledger/leases.ts';
import { type Run, startRun } from '../ledger/runs.ts';
import type { SourceFile } from '../ledger/source-file.ts';
import {
  abandonAttempt,
  forgetMoved,
  nextAttemptIn,
  returnToWatcher,
  scheduleRetry,
} from '../ledger/waiting-files.ts';
import { backoffMs } from './backoff.ts';
import { isOutage } from './outage.ts';

/** What is done with a waiting file. */
export interface Worker {
  /** Resolves when the run is published. */
  execute(file: SourceFile, run: Run, signal: AbortSignal): Promise<void>;
  /** Records a final failure (or a duplicate) of the run. */
  conclude(file: SourceFile, run: Run, error: SluiceError): Promise<void>;
  /** The outcome is recorded; what follows from it is carried out. */
  finish(file: SourceFile): Promise<void>;
  /** The file changed while it was read, and has to settle again. */
  unsettle(file: SourceFile): void;
}

export interface DispatcherOptions {
  readonly pool: Pool;
  readonly leases: Leases;
  readonly worker: Worker;
  /** Only files below this folder are taken; ends with a separator. */
  readonly root: Buffer;
  /** Only these files are taken. */
  readonly fileIds?: readonly number[];
  readonly concurrency: number;
  readonly maxAttempts: number;
  /** A transient failure that will be retried in `delayMs`. */
  onRetry(file: SourceFile, error: SluiceError, delayMs: number): void;
  /** The database does not answer (once per outage), and answers again. */
  onOutage(error: SluiceError): void;
  onRecovery(): void;
}

/** How long after an outage began the database is asked again. */
const OUTAGE_POLL_MS = 1_000;

/**
 * Gives waiting files to the worker, oldest first, `concurrency` at a time. What is waiting is known to the ledger
 * alone: the dispatcher takes no more than it can start, and asks again.
 */
export class Dispatcher {
  private readonly queue: PQueue;
  private readonly held = new Set<number>();
  private readonly abort = new AbortController();
  private stopping = false;
  private asking: Promise<void> | null = null;
  private askAgain = false;
  private timer: NodeJS.Timeout | null = null;
  private outage = false;
  private idleWaiters: (() => void)[] = [];

  constructor(private readonly options: DispatcherOptions) {
    this.queue = new PQueue({ concurrency: options.concurrency });
  }

  /** Files being worked on now. */
  get active(): number {
    return this.held.size;
  }

  /** Looks for waiting files; called whenever there may be new ones. */
  notify(): void {
    if (this.stopping) return;
    if (this.asking !== null) {
      this.askAgain = true;
      return;
    }
    this.asking = this.ask().finally(() => {
      this.asking = null;
      if (this.askAgain) {
        this.askAgain = false;
        this.notify();
      } else this.reportIdle();
    });
  }

  /** Resolves when nothing is waiting that could be started now, and nothing is being worked on. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.idleWaiters.push(resolve);
      this.notify();
      this.reportIdle();
    });
  }

  /**
   * Takes no more files. What is being worked on may end by itself for `graceMs`; then it is aborted and rolled back.
   */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    if (this.timer !== null) clearTimeout(this.timer);
    const grace = setTimeout(() => this.abort.abort(), graceMs);
    await this.asking;
    await this.queue.onIdle();
    clearTimeout(grace);
    this.reportIdle();
  }

  /** Ends everything at once. */
  abortNow(): void {
    this.abort.abort();
  }

  private async ask(): Promise<void> {
    const { leases, root, fileIds, concurrency } = this.options;
    try {
      while (!this.stopping) {
        const free = concurrency - this.held.size;
        if (free <= 0) return;
        const scope = { ...(fileIds === undefined ? { root } : { fileIds }), held: [...this.held] };
        const files = await leases.claim(free, scope);
        this.recovered();
        for (const file of files) this.start(file);
        if (files.length === 0) return await this.schedule();
      }
    } catch (error) {
      this.suffer(toSluiceError(error));
    }
  }

  private start(file: SourceFile): void {
    if (this.stopping) {
      void this.release(file);
      return;
    }
    this.held.add(file.fileId);
    void this.queue.add(async () => {
      try {
        await this.process(file);
      } catch (error) {
        this.suffer(toSluiceError(error));
      } finally {
        await this.release(file);
        this.held.delete(file.fileId);
        this.notify();
      }
    });
  }

  /** A lease that cannot be given back was lost with its connection. */
  private async release(file: SourceFile): Promise<void> {
    await this.options.leases.release(file.fileId).catch(() => {});
  }

  private async process(file: SourceFile): Promise<void> {
    const { pool, worker } = this.options;
    const run = await startRun(pool, file);
    if (run === null) return;
    try {
      await worker.execute(file, run, this.abort.signal);
    } catch (error) {
      if (!(await this.handle(file, run, toSluiceError(error)))) return;
    }
    await worker.finish(file);
  }

  /** True when the failure is final, and recorded. */
  private async handle(file: SourceFile, run: Run, error: SluiceError): Promise<boolean> {
    const { pool, worker, maxAttempts } = this.options;
    if (hasCode(error, 'FILE_CHANGED')) {
      await returnToWatcher(pool, file);
      worker.unsettle(file);
      return false;
    }
    if (hasCode(error, 'RUN_TAKEN_OVER')) return false;
    if (hasCode(error, 'FILE_VANISHED') && (await forgetMoved(pool, file))) return false;
    if (this.abort.signal.aborted) {
      await abandonAttempt(pool, file);
      return false;
    }
    if (isOutage(error)) {
      this.suffer(error);
      await abandonAttempt(pool, file);
      return false;
    }
    if (error.kind === 'transient' && file.attempts + 1 < maxAttempts) {
      await this.retry(file, error);
      return false;
    }
    return this.conclude(file, run, error.kind === 'terminal' ? error : exhausted(file, error));
  }

  /** False when the file was taken over meanwhile: then what became of it is for the other process to say. */
  private async conclude(file: SourceFile, run: Run, error: SluiceError): Promise<boolean> {
    try {
      await this.options.worker.conclude(file, run, error);
      return true;
    } catch (refusal) {
      if (hasCode(refusal, 'RUN_TAKEN_OVER')) return false;
      throw refusal;
    }
  }

  private async retry(file: SourceFile, error: SluiceError): Promise<void> {
    const delayMs = backoffMs(file.attempts + 1);
    await scheduleRetry(this.options.pool, file, delayMs, error);
    this.options.onRetry(file, error, delayMs);
  }

  private async schedule(): Promise<void> {
    const { pool, root, fileIds } = this.options;
    const ms = await nextAttemptIn(pool, fileIds === undefined ? { root } : { fileIds });
    if (ms !== null) this.wakeIn(Math.max(50, ms));
  }

  private wakeIn(ms: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.notify();
    }, ms);
  }

  private suffer(error: SluiceError): void {
    if (this.stopping) return;
    if (!this.outage) this.options.onOutage(error);
    this.outage = true;
    this.wakeIn(OUTAGE_POLL_MS);
  }

  private recovered(): void {
    if (!this.outage) return;
    this.outage = false;
    this.options.onRecovery();
  }

  private reportIdle(): void {
    const busy = this.held.size > 0 || this.asking !== null || (this.timer !== null && !this.stopping);
    if (busy) return;
    for (const resolve of this.idleWaiters.splice(0)) resolve();
  }
}

function exhausted(file: SourceFile, error: SluiceError): SluiceError {
  const facts = { file: file.displayPath, attempts: file.attempts + 1, reason: error.message };
  return new SluiceError('ATTEMPTS_EXHAUSTED', facts, error);
}
