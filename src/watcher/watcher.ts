import { resolve } from 'node:path';
import { messageOf, SluiceError } from '../errors.ts';
import { PLAIN_SIDECARS, type Sidecars } from '../formats/sidecar/sidecars.ts';
import { CompletenessLanes, type Verdict } from './completeness-lanes.ts';
import { displayPath } from './display-path.ts';
import { FolderEvents } from './folder-events.ts';
import { FolderWalk } from './folder-walk.ts';
import { Handover } from './handover.ts';
import { errnoOf } from './identity.ts';
import { Idlers, waitingReason } from './idlers.ts';
import { inParallel } from './in-parallel.ts';
import { type ObservedFile, ObservedFiles, oldestFirst } from './observed-files.ts';
import { Problems } from './problems.ts';
import { baseName, joinRaw, keyOf } from './raw-path.ts';
import { SeenSidecars } from './seen-sidecars.ts';
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
  readonly #sidecars: Sidecars;
  readonly #seenSidecars: SeenSidecars;
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
    this.#sidecars = options.sidecars ?? PLAIN_SIDECARS;
    this.#seenSidecars = new SeenSidecars((path) => this.#sidecarChanged(path));
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
      sidecars: this.#sidecars,
      onSidecar: (path, stats, walk) => this.#seenSidecars.see(path, stats, walk),
      onFile: (path, stats, walk) => this.#files.see(path, stats, walk),
    });
    this.#lanes = new CompletenessLanes({
      sidecars: this.#sidecars,
      standsAlone: ({ path }) =>
        !this.#sidecars.isAwaited(path) && !this.#seenSidecars.hasAny(this.#sidecars.pathsOf(path)),
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

  /**
   * Whoever took this file over found that it is not what is said of it beside it or at its end. It waits for a change of either
   * like any incomplete file; false when it has waited long enough.
   */
  holdBack(path: Buffer, reason: string): boolean {
    const file = this.#files.get(path);
    if (file?.phase !== 'delivered') return false;
    file.awaitsSidecars = true;
    file.patienceMs = this.#sidecars.rulesOf(path).waitMs;
    if (this.#options.takeIncomplete === 'after-settle' && !this.#isLeft(file)) return false;
    const now = monotonicMs();
    if (file.held !== null && now - file.held.since >= this.#patienceMs(file)) return false;
    file.since = file.held?.since ?? now;
    file.held = { reason, since: file.since };
    this.#files.takeUp(file, 'checking');
    this.#judged([{ file, incompleteReason: reason, awaitsSidecars: true }]);
    return true;
  }

  /** Files that are not complete, and not waited for. */
  left(): WaitingFile[] {
    return this.#shown(this.#files.left());
  }

  /** Files seen and not yet accepted by `onSettled`, oldest modification first. */
  waiting(): WaitingFile[] {
    return this.#shown([...this.#files.waiting()]);
  }

  #shown(files: ObservedFile[]): WaitingFile[] {
    const now = monotonicMs();
    return files.sort(oldestFirst).map((file) => {
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
    this.#seenSidecars.prune(number, (key) => this.#walk.isHidden(key));
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
    for (const file of unchanged) {
      file.phase = file.phase === 'settling' ? 'checking' : 'ready';
      // Whoever held it back looks at it once more, and says himself what is wrong with it.
      if (file.incompleteReason === file.held?.reason) file.incompleteReason = null;
    }
    this.#lanes.add(toCheck);
    this.#handover.wake();
  }

  #dueAt(file: ObservedFile): number {
    const { settleMs, takeIncomplete } = this.#options;
    if (file.phase === 'settling') return file.since + settleMs;
    if (file.phase !== 'incomplete') return Number.POSITIVE_INFINITY;
    const isTaken = takeIncomplete === 'after-settle';
    return file.since + (isTaken ? settleMs : Math.max(settleMs, this.#patienceMs(file)));
  }

  #patienceMs({ patienceMs }: ObservedFile): number {
    return patienceMs ?? this.#options.incompleteMs;
  }

  /** By the clock on the wall, which a file's modification time is by, too. */
  #ageMs({ identity }: ObservedFile): number {
    return Date.now() - Number(identity.mtimeNs / 1_000_000n);
  }

  #isLeft(file: ObservedFile): boolean {
    const { takeIncomplete } = this.#options;
    if (takeIncomplete === 'never') return true;
    if (takeIncomplete !== 'after-settle' || !file.awaitsSidecars) return false;
    return this.#ageMs(file) < this.#patienceMs(file);
  }

  #nextDueAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const file of this.#files.waiting()) next = Math.min(next, this.#dueAt(file));
    return next;
  }

  #judged(verdicts: readonly Verdict[]): void {
    for (const { file, incompleteReason, awaitsSidecars } of verdicts) {
      if (file.phase !== 'checking') continue;
      file.incompleteReason = incompleteReason;
      file.awaitsSidecars = awaitsSidecars;
      file.patienceMs = awaitsSidecars ? this.#sidecars.rulesOf(file.path).waitMs : null;
      file.phase = incompleteReason === null ? 'ready' : 'incomplete';
      if (incompleteReason !== null && this.#isLeft(file)) this.#leave(file, incompleteReason);
    }
    this.#handover.wake();
    this.#turns.within(0);
  }

  #leave(file: ObservedFile, reason: string): void {
    this.#files.leave(file);
    const facts = { path: displayPath(file.path), reason };
    this.#problems.raise(`left ${keyOf(file.path)}`, reason, this.#walk.number, () => {
      return new SluiceError('FILE_LEFT', facts);
    });
  }

  /** Files that waited for it are looked at again; for how long they have waited stays. */
  #sidecarChanged(path: Buffer): void {
    const files = this.#files
      .awaitingSidecars()
      .filter((file) => this.#sidecars.pathsOf(file.path).some((one) => one.equals(path)));
    for (const file of files) this.#files.takeUp(file, 'checking');
    this.#lanes.add(files);
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
