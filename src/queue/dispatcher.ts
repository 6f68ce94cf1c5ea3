import PQueue from 'p-queue';
import type { Pool } from 'pg';
import { toSluiceError } from '../db/database-error.ts';
import { isOutage } from '../db/outage.ts';
import { hasCode, SluiceError } from '../errors.ts';
import type { ClaimScope, Leases } from '../ledger/leases.ts';
import { type Run, type RunningFile, startRuns } from '../ledger/runs.ts';
import type { SourceFile } from '../ledger/source-file.ts';
import {
  abandonAttempt,
  finishedFiles,
  forgetMoved,
  nextAttemptIn,
  returnToWatcher,
  scheduleRetry,
  waitsForOthers,
} from '../ledger/waiting-files.ts';
import { stepDone } from '../steps.ts';
import { backoffMs } from './backoff.ts';
import { Finishing } from './finishing.ts';
import { inGroups } from './in-groups.ts';

/** What is done with a waiting file. */
export interface Worker {
  /**
   * Publishes runs; gives what went wrong by file id. What is not in the result is published; `onPublished` may be told so earlier.
   */
  execute(
    items: readonly RunningFile[],
    signal: AbortSignal,
    onPublished: (files: readonly SourceFile[]) => void,
  ): Promise<ReadonlyMap<number, unknown>>;
  /** Records a final failure (or a duplicate) of the run. */
  conclude(file: SourceFile, run: Run, error: SluiceError): Promise<void>;
  /** An attempt ended without an outcome; the file waits for another one, or is no longer ours. */
  abandon?(item: RunningFile, error: SluiceError): void;
  /** The outcomes are recorded; what follows from them is carried out. */
  finish(files: readonly SourceFile[]): Promise<void>;
  /** The file changed while it was read, and has to settle again. */
  unsettle(file: SourceFile): void;
  /** The file is not what is said of it: true when the watcher waits for a change of either, for a time. */
  holdBack?(file: SourceFile, reason: string): boolean;
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
  /** Files that cannot be brought to an end; they are not tried again before the next start. */
  onStuck(files: readonly SourceFile[], error: SluiceError): void;
  /** The database does not answer (once per outage), and answers again. */
  onOutage(error: SluiceError): void;
  onRecovery(): void;
}

/** What the file holds and what is said of that differ: one of them may still be corrected. */
const MISCOUNTED = new Set(['TRAILER_MISSING', 'RECORD_COUNT_MISMATCH']);
/** Files up to this size share a transaction with others. */
const SMALL_BYTES = 256 * 1024;
/** Files that one slot takes at once: while some are published others are read, and the outcomes of others are carried out. */
const GROUP_FILES = 1000;
/** Pause before the database is asked again during an outage, whoever wants to know. */
const OUTAGE_POLL_MS = 1_000;
/** How long after a look at a file that another process works on there is another. */
const OTHERS_POLL_MS = 1_000;

/**
 * Gives waiting files to the worker, oldest first, `concurrency` at a time. What is waiting is known to the ledger
 * alone: the dispatcher takes no more than it can start, and asks again.
 */
export class Dispatcher {
  private readonly queue: PQueue;
  private readonly held = new Set<number>();
  /** Files that are held and not worked on. */
  private readonly stuck = new Set<number>();
  private groups = 0;
  private readonly abort = new AbortController();
  private stopping = false;
  private asking: Promise<void> | null = null;
  private askAgain = false;
  private timer: NodeJS.Timeout | null = null;
  private outage = false;
  private pause: NodeJS.Timeout | null = null;
  private idleWaiters: (() => void)[] = [];
  private failure: SluiceError | null = null;
  private failureWaiters: ((error: SluiceError) => void)[] = [];

  constructor(private readonly options: DispatcherOptions) {
    this.queue = new PQueue({ concurrency: options.concurrency });
  }

  /** True once `stop` has been called. */
  get stopped(): boolean {
    return this.stopping;
  }

  /** Looks for waiting files; called whenever there may be new ones. */
  notify(): void {
    if (this.stopping || this.pause !== null) return;
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

  /**
   * Resolves when nothing is waiting that could be started now, and nothing is being worked on. Rejects when the
   * ledger cannot be worked with.
   */
  async idle(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.idleWaiters.push(resolve);
      this.notify();
      this.reportIdle();
    });
    if (this.failure !== null) throw this.failure;
  }

  /** Rejects when the ledger cannot be worked with, and never resolves. */
  failed(): Promise<never> {
    return new Promise((_, reject) => {
      if (this.failure !== null) reject(this.failure);
      else this.failureWaiters.push(reject);
    });
  }

  /** The ledger refuses what we ask of it, which waiting does not cure: nothing more is taken. */
  fail(error: SluiceError): void {
    this.failure ??= error;
    this.stopping = true;
    for (const reject of this.failureWaiters.splice(0)) reject(this.failure);
    this.reportIdle();
  }

  /**
   * Takes no more files. What is being worked on may end by itself for `graceMs`; then it is aborted and rolled back.
   */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    for (const timer of [this.timer, this.pause]) if (timer !== null) clearTimeout(timer);
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
    const { concurrency } = this.options;
    try {
      while (!this.stopping && this.pause === null) {
        const free = concurrency - this.groups;
        if (free <= 0) return;
        const groups = await this.claimGroups(free);
        for (const group of groups) this.start(group);
        if (groups.length > 0) continue;
        if (this.groups === 0) this.recovered();
        return await this.schedule();
      }
    } catch (error) {
      const problem = toSluiceError(error);
      if (problem.kind === 'terminal') this.fail(problem);
      else this.suffer(problem);
    }
  }

  /** Up to `free` groups: a large file is a group of its own, small ones are worked on together. */
  private async claimGroups(free: number): Promise<SourceFile[][]> {
    const first = await this.claim(free, {});
    const large = first.filter((file) => file.identity.size > SMALL_BYTES);
    const small = first.filter((file) => file.identity.size <= SMALL_BYTES);
    const slots = small.length;
    if (slots > 0 && (first.length === free || small.some((file) => file.feed !== null))) {
      const behind = small.map((file) => file.fileId);
      const filter = { maxBytes: SMALL_BYTES, behind, mostOfFeed: GROUP_FILES };
      try {
        small.push(...(await this.claim(slots * (GROUP_FILES - 1), filter)));
      } catch (error) {
        // What has been claimed is started by nobody now: it must not stay held.
        await this.release(first);
        throw error;
      }
    }
    return [...large.map((file) => [file]), ...inGroups(small, slots)];
  }

  private async claim(limit: number, filter: Partial<ClaimScope>): Promise<SourceFile[]> {
    const files = await this.options.leases.claim(limit, {
      ...this.scope(),
      stuck: [...this.stuck],
      ...filter,
    });
    for (const file of files) this.held.add(file.fileId);
    return files;
  }

  private scope() {
    const { root, fileIds } = this.options;
    return { ...(fileIds === undefined ? { root } : { fileIds }), held: [...this.held] };
  }

  private start(group: SourceFile[]): void {
    this.groups++;
    void this.queue.add(async () => {
      try {
        if (!this.stopping) await this.process(group);
      } catch (error) {
        this.suffer(toSluiceError(error), group);
      } finally {
        await this.release(group.filter(({ fileId }) => this.held.has(fileId)));
        this.groups--;
        this.notify();
      }
    });
  }

  /** Leases that cannot be given back were lost with their connection. */
  private async release(group: readonly SourceFile[]): Promise<void> {
    if (group.length === 0) return;
    const fileIds = group.map((file) => file.fileId);
    await this.options.leases.release(fileIds).catch(() => {});
    for (const fileId of fileIds) if (!this.stuck.has(fileId)) this.held.delete(fileId);
  }

  private async process(group: readonly SourceFile[]): Promise<void> {
    const { pool, worker } = this.options;
    for (const file of group) stepDone('file claimed', file.displayPath);
    const items = await startRuns(pool, group);
    // Not before it can be written to: a standby answers as well.
    this.recovered();
    for (const { file } of items) stepDone('run started', file.displayPath);
    if (items.length === 0) return;
    const finishing = new Finishing(async (files) => {
      await worker.finish(files);
      // A later file of the group may take the place of one of these, which then gets another outcome.
      await this.release(files);
    });
    try {
      const failures = await worker.execute(items, this.abort.signal, (files) => finishing.add(files));
      finishing.add(await this.ended(items, failures, finishing));
    } catch (error) {
      // Leases are held until nothing is done with the files any longer.
      await finishing.end().catch(() => {});
      throw error;
    }
    await finishing.end();
  }

  /** Files whose outcome is recorded and not being carried out yet. */
  private async ended(
    items: readonly RunningFile[],
    failures: ReadonlyMap<number, unknown>,
    finishing: Finishing,
  ): Promise<SourceFile[]> {
    const ended: SourceFile[] = [];
    for (const { file, run } of items) {
      if (finishing.has(file)) continue;
      if (!failures.has(file.fileId)) {
        ended.push(file);
        continue;
      }
      const error = toSluiceError(failures.get(file.fileId));
      if (await this.handle(file, run, error)) ended.push(file);
      else this.options.worker.abandon?.({ file, run }, error);
    }
    return ended;
  }

  /** True when the failure is final, and recorded. */
  private async handle(file: SourceFile, run: Run, error: SluiceError): Promise<boolean> {
    const { pool, worker, maxAttempts } = this.options;
    if (hasCode(error, 'FILE_CHANGED') && isWatched(file)) {
      await returnToWatcher(pool, file, 'it changed while it was read');
      worker.unsettle(file);
      return false;
    }
    if (hasCode(error, 'FILE_CHANGED')) {
      const facts = { run: run.runId, path: file.displayPath, reason: 'it was changed while it was read' };
      return this.conclude(file, run, new SluiceError('KEPT_FILE_CHANGED', facts, error));
    }
    if (MISCOUNTED.has(error.code) && isWatched(file) && worker.holdBack !== undefined) {
      await returnToWatcher(pool, file, error.message);
      if (worker.holdBack(file, error.message)) return false;
    }
    if (hasCode(error, 'RUN_TAKEN_OVER')) return false;
    if (hasCode(error, 'FILE_VANISHED') && (await forgetMoved(pool, file))) return false;
    if (this.abort.signal.aborted || hasCode(error, 'RUN_STOPPED')) {
      await abandonAttempt(pool, file);
      return this.isOver(file);
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

  /** True for a file that ended before what it was worked on together with was broken off. */
  private async isOver(file: SourceFile): Promise<boolean> {
    if (this.abort.signal.aborted) return false;
    return (await finishedFiles(this.options.pool, [file.fileId])).length > 0;
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
    const { pool } = this.options;
    const scope = this.scope();
    const ms = await nextAttemptIn(pool, scope);
    if (ms !== null) this.wakeIn(Math.max(50, ms));
    else if (this.groups === 0 && (await waitsForOthers(pool, scope))) this.wakeIn(OTHERS_POLL_MS);
  }

  private wakeIn(ms: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.notify();
    }, ms);
  }

  /**
   * The database is away; or, when waiting does not cure it, what it refused was about these files alone: they are
   * left for the next start, and nobody else waits for them.
   */
  private suffer(error: SluiceError, group: readonly SourceFile[] = []): void {
    if (this.stopping) return;
    if (error.kind === 'terminal') {
      this.failure ??= error;
      for (const file of group) this.stuck.add(file.fileId);
      this.options.onStuck(group, error);
      return;
    }
    if (!this.outage) this.options.onOutage(error);
    this.outage = true;
    this.pause ??= setTimeout(() => {
      this.pause = null;
      this.notify();
    }, OUTAGE_POLL_MS);
  }

  private recovered(): void {
    if (!this.outage) return;
    this.outage = false;
    this.options.onRecovery();
  }

  private reportIdle(): void {
    const waits = (this.timer !== null || this.pause !== null) && !this.stopping;
    const busy = this.groups > 0 || this.asking !== null || waits;
    if (busy) return;
    for (const resolve of this.idleWaiters.splice(0)) resolve();
  }
}

/** A file that is loaded from where it is kept does not come back through the watcher. */
function isWatched(file: SourceFile): boolean {
  return file.replaysRunId === null && file.redelivery === null && !file.checksWaived;
}

function exhausted(file: SourceFile, error: SluiceError): SluiceError {
  const facts = { file: file.displayPath, attempts: file.attempts + 1, reason: error.message };
  return new SluiceError('ATTEMPTS_EXHAUSTED', facts, error);
}
