import { resolve } from 'node:path';
import { messageOf, SluiceError } from '../errors.ts';
import { CompletenessLanes, type Verdict } from './completeness-lanes.ts';
import { FolderEvents } from './folder-events.ts';
import { FolderWalk } from './folder-walk.ts';
import { Handover } from './handover.ts';
import { errnoOf } from './identity.ts';
import { Idlers, waitingReason } from './idlers.ts';
import { inParallel } from './in-parallel.ts';
import { type ObservedFile, ObservedFiles, oldestFirst } from './observed-files.ts';
import { Problems } from './problems.ts';
import { baseName, joinRaw, keyOf } from './raw-path.ts';
import { monotonicMs, Turns } from './turns.ts';
import type { WaitingFile, WatcherOptions } from './watcher-options.ts';

const LSTATS_AT_A_TIME = 2;
/** Beyond this many hinted paths one walk is cheaper, and their memory is bounded. */
const MOST_HINTS = 20_000;
/** While the imports folder is gone there are no events that tell of its return. */
const GONE_ROOT_MS = 1000;
/** A walk on a hint waits this many times as long as the last walk took: hints never make it walk all the time. */
const WALK_SHARE = 4;

/**
 * Finds source files in a folder and hands each over once it has settled: unchanged in size, modification time and
 * inode for `settleMs` on a clock that never jumps, and complete as far as its format can tell.
 *
 * Events are only hints on where to look; a walk every `rescanMs` finds what they missed. What was handed over is
 * remembered by path and identity until it changes or goes away.
 */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #files: ObservedFiles;
  readonly #problems: Problems;
  readonly #events: FolderEvents;
  readonly #walk: FolderWalk;
  readonly #lanes: CompletenessLanes;
  readonly #handover: Handover;
  readonly #idlers = new Idlers();
  readonly #stopped = new AbortController();
  readonly #turns = new Turns(() => this.#turn());
  #hints = new Map<string, Buffer>();
  #walkDueAt = 0;
  #lastWalkMs = 0;
  #onWalked: Array<() => void> = [];

  constructor(options: WatcherOptions) {
    this.#options = options;
    const root = Buffer.from(resolve(options.root));
    const signal = this.#stopped.signal;
    this.#problems = new Problems((problem) => options.onReported(problem));
    this.#files = new ObservedFiles((file) => this.#lanes.cancel(file));
    this.#events = new FolderEvents({
      usePolling: options.usePolling,
      pollMs: Math.min(1000, Math.max(100, options.settleMs / 2)),
      onEvent: (folder, name) => this.#heard(folder, name),
      onUnavailable: (error) => this.#eventsUnavailable(error),
    });
    this.#walk = new FolderWalk({
      root,
      events: this.#events,
      problems: this.#problems,
      signal,
      onFile: (path, stats, walk) => this.#files.see(path, stats, walk),
    });
    this.#lanes = new CompletenessLanes({
      onVerdicts: (verdicts) => this.#judged(verdicts),
      onChanged: (file) => this.#doubt(file),
    });
    this.#handover = new Handover({
      root,
      files: this.#files,
      signal,
      onSettled: (files) => options.onSettled(files),
      onChanged: (file) => this.#doubt(file),
      onAccepted: () => this.#accepted(),
      onRefused: (error) => this.#refused(error),
    });
  }

  /** Resolves when the first walk through the folder is done and its events are listened to. */
  async start(): Promise<void> {
    await this.#freshWalk();
  }

  /**
   * Resolves when no timer, handle or callback of this watcher is left. A promise of `onSettled` under way is not
   * waited for: its receiver may be stopping, too.
   */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#handover.stop();
    await Promise.all([this.#turns.stop(), this.#lanes.stop(), this.#events.close()]);
    this.#idlers.releaseAll();
    for (const walked of this.#onWalked.splice(0)) walked();
  }

  /** Forgets what was handed over about this path and observes it again, for the whole settling time. */
  recheck(path: Buffer): void {
    this.#files.drop(path);
    this.#hint(path);
  }

  /** Drops this path from memory; it is taken up again when it is seen again. */
  forget(path: Buffer): void {
    this.#files.drop(path);
    this.#turns.within(this.#hintDelayMs());
  }

  /** Files seen and not yet accepted by `onSettled`, oldest modification first. */
  waiting(): WaitingFile[] {
    const now = monotonicMs();
    return [...this.#files.waiting()].sort(oldestFirst).map((file) => {
      const unchangedMs = Math.max(0, now - file.since);
      const since = new Date(Date.now() - unchangedMs);
      return { path: file.path, unchangedMs, since, reason: waitingReason(file) };
    });
  }

  /**
   * Resolves when everything present at the time of the call has been handed over or reported, or on `stop`. That includes
   * the wait for incomplete files (see `takeIncomplete`) and for a receiver that refuses.
   */
  async idle(): Promise<void> {
    await this.#freshWalk();
    if (this.#stopped.signal.aborted) return;
    const done = this.#idlers.until([...this.#files.waiting()].map((file) => keyOf(file.path)));
    this.#review();
    await done;
  }

  /** Resolves when a walk that begins from now on has ended. */
  #freshWalk(): Promise<void> {
    if (this.#stopped.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onWalked.push(resolve);
      this.#walkDueAt = 0;
      this.#turns.within(0);
    });
  }

  async #turn(): Promise<void> {
    if (monotonicMs() >= this.#walkDueAt) await this.#walkEverything();
    await this.#followHints();
    await this.#settleDue();
    this.#review();
    const next = Math.min(this.#walkDueAt, this.#nextDueAt());
    this.#turns.within(Math.max(0, next - monotonicMs()));
  }

  async #walkEverything(): Promise<void> {
    const walked = this.#onWalked.splice(0);
    const began = monotonicMs();
    this.#walkDueAt = Number.POSITIVE_INFINITY;
    await this.#walk.everything();
    if (!this.#stopped.signal.aborted) this.#dropUnseen();
    const now = monotonicMs();
    this.#files.startClocks(now);
    this.#lastWalkMs = now - began;
    const { rescanMs } = this.#options;
    this.#walkBy(now + (this.#walk.rootIsGone ? Math.min(rescanMs, GONE_ROOT_MS) : rescanMs));
    for (const resolve of walked) resolve();
  }

  #dropUnseen(): void {
    const number = this.#walk.number;
    this.#files.dropWhere((key, file) => file.walk < number && !this.#walk.isHidden(key));
  }

  async #followHints(): Promise<void> {
    const hints = this.#hints;
    this.#hints = new Map();
    for (const path of hints.values()) {
      if (this.#stopped.signal.aborted) return;
      await this.#lookAt(path);
    }
    this.#files.startClocks(monotonicMs());
  }

  /** Returns false when the file system would not tell. */
  async #lookAt(path: Buffer): Promise<boolean> {
    const found = await this.#walk.one(path);
    if (found === 'gone') this.#files.drop(path);
    if (found === 'folder gone') this.#dropBelow(path);
    return found !== 'unknown';
  }

  #dropBelow(folder: Buffer): void {
    const below = `${keyOf(folder)}/`;
    this.#files.dropWhere((key) => key.startsWith(below));
  }

  /** Looks once more at files whose time has come: those still the same are checked, or given up waiting for. */
  async #settleDue(): Promise<void> {
    const now = monotonicMs();
    const due = [...this.#files.waiting()].filter((file) => this.#dueAt(file) <= now);
    await inParallel(due, LSTATS_AT_A_TIME, this.#stopped.signal, async (file) => {
      if (!(await this.#lookAt(file.path))) file.since = monotonicMs();
    });
    this.#files.startClocks(monotonicMs());
    if (this.#stopped.signal.aborted) return;
    const unchanged = due.filter((file) => this.#files.isCurrent(file) && this.#dueAt(file) <= now);
    const toCheck = unchanged.filter((file) => file.phase === 'settling');
    for (const file of unchanged) file.phase = file.phase === 'settling' ? 'checking' : 'ready';
    this.#lanes.add(toCheck);
    this.#handover.wake();
  }

  #dueAt(file: ObservedFile): number {
    const { settleMs, incompleteMs, takeIncomplete } = this.#options;
    if (file.phase === 'settling') return file.since + settleMs;
    if (file.phase !== 'incomplete') return Number.POSITIVE_INFINITY;
    return file.since + (takeIncomplete === 'after-settle' ? settleMs : Math.max(settleMs, incompleteMs));
  }

  #nextDueAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const file of this.#files.waiting()) next = Math.min(next, this.#dueAt(file));
    return next;
  }

  #judged(verdicts: readonly Verdict[]): void {
    for (const { file, incompleteReason } of verdicts) {
      if (file.phase !== 'checking') continue;
      file.incompleteReason = incompleteReason;
      file.phase = incompleteReason === null ? 'ready' : 'incomplete';
    }
    this.#handover.wake();
    this.#turns.within(0);
  }

  /** Something else than the observed state was met: settle again, on what is there now. */
  #doubt(file: ObservedFile): void {
    file.phase = 'settling';
    this.#hint(file.path);
  }

  #accepted(): void {
    this.#problems.clear('handover');
    this.#review();
  }

  #refused(error: unknown): void {
    const reason = messageOf(error);
    this.#problems.raise('handover', reason, Number.POSITIVE_INFINITY, () => {
      return new SluiceError('HANDOVER_REFUSED', { reason }, error);
    });
  }

  #eventsUnavailable(error: unknown): void {
    // The walk meets the same and reports that folder.
    if (errnoOf(error) === 'EACCES') return;
    const reason = messageOf(error);
    const { rescanMs } = this.#options;
    this.#problems.raise('events', errnoOf(error) ?? reason, Number.POSITIVE_INFINITY, () => {
      return new SluiceError('FOLDER_EVENTS_UNAVAILABLE', { reason, rescanMs }, error);
    });
  }

  #heard(folder: Buffer, name: Buffer | null): void {
    if (name !== null) this.#hint(joinRaw(folder, name));
    // The last event of a folder that goes away carries the folder's own name.
    if (name !== null && !name.equals(baseName(folder))) return;
    this.#walkBy(monotonicMs() + this.#hintDelayMs() + WALK_SHARE * this.#lastWalkMs);
  }

  #hint(path: Buffer): void {
    this.#hints.set(keyOf(path), path);
    if (this.#hints.size > MOST_HINTS) {
      this.#hints.clear();
      this.#walkBy(monotonicMs());
    }
    this.#turns.within(this.#hintDelayMs());
  }

  #walkBy(time: number): void {
    this.#walkDueAt = Math.min(this.#walkDueAt, time);
    this.#turns.within(Math.max(0, time - monotonicMs()));
  }

  /** A burst of events is looked at once. */
  #hintDelayMs(): number {
    return Math.min(100, Math.max(10, this.#options.settleMs / 10));
  }

  #review(): void {
    this.#idlers.review((key) => this.#files.isWaiting(key));
  }
}
