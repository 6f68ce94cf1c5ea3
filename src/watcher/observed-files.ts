import type { BigIntStats } from 'node:fs';
import { identityOf } from './identity.ts';
import { keyOf } from './raw-path.ts';
import { type SourceIdentity, sameIdentity } from './settled-file.ts';

/**
 * settling ─▶ checking ─▶ ready ─▶ delivering ─▶ delivered
 *                 ├─▶ incomplete ─▶ ready
 *                 └─▶ left
 *
 * - `settling`: unchanged for less than the settling time.
 * - `checking`: unchanged for long enough; its format is being asked whether it is all there.
 * - `incomplete`: it is not all there; waits for a change or for the end of patience.
 * - `left`: incomplete, and not waited for any longer; taken up when it changes, or what lies beside it does.
 * - `ready`: to be handed over. - `delivering`: handed over, not yet accepted. - `delivered`: remembered, so that it is not handed over again.
 */
export type Phase = 'settling' | 'checking' | 'incomplete' | 'left' | 'ready' | 'delivering' | 'delivered';

/** One state of one file. A changed file gets a new object: work under way on the old one then comes to nothing. */
export interface ObservedFile {
  readonly path: Buffer;
  readonly identity: SourceIdentity;
  phase: Phase;
  /** Monotonic milliseconds since when it is known to be unchanged; infinite until the walk that saw it ends. */
  since: number;
  /** Why its format calls it incomplete; null when it does not. */
  incompleteReason: string | null;
  /** Milliseconds that are waited for what is missing; null: as long as for any file. */
  patienceMs: number | null;
  /** What it waits for lies beside it. */
  awaitsSidecars: boolean;
  /** Set when whoever took it over held it back: why, and since when (monotonic milliseconds). */
  held: { readonly reason: string; readonly since: number } | null;
  walk: number;
}

/** The files in the folder, by path. */
export class ObservedFiles {
  readonly #files = new Map<string, ObservedFile>();
  readonly #waiting = new Set<ObservedFile>();
  #fresh: ObservedFile[] = [];
  readonly #onDropped: (file: ObservedFile) => void;

  /** @param onDropped told when a state of a file is no longer true: changed, gone or forgotten */
  constructor(onDropped: (file: ObservedFile) => void) {
    this.#onDropped = onDropped;
  }

  /** Notes what a file looks like now; one that looks otherwise than before starts to settle anew. */
  see(path: Buffer, stats: BigIntStats, walk: number): void {
    const identity = identityOf(stats);
    const known = this.#files.get(keyOf(path));
    if (known !== undefined && sameIdentity(known.identity, identity)) {
      known.walk = walk;
      return;
    }
    this.drop(path);
    const file: ObservedFile = {
      path,
      identity,
      phase: 'settling',
      since: Number.POSITIVE_INFINITY,
      incompleteReason: null,
      patienceMs: null,
      awaitsSidecars: false,
      held: null,
      walk,
    };
    this.#files.set(keyOf(path), file);
    this.#waiting.add(file);
    this.#fresh.push(file);
  }

  /**
   * Starts the clock of everything seen since the last call. One time for all of them, after the last was looked at: it is
   * never too early, and files that were found together become due together and can be put in order.
   */
  startClocks(now: number): void {
    for (const file of this.#fresh) file.since = now;
    this.#fresh = [];
  }

  drop(path: Buffer): void {
    const file = this.#files.get(keyOf(path));
    if (file === undefined) return;
    this.#files.delete(keyOf(path));
    this.#waiting.delete(file);
    this.#onDropped(file);
  }

  /** Drops every file that `gone` holds for. */
  dropWhere(gone: (key: string, file: ObservedFile) => boolean): void {
    for (const [key, file] of this.#files) if (gone(key, file)) this.drop(file.path);
  }

  /** False when the file has changed or gone since `file` was made. */
  isCurrent(file: ObservedFile): boolean {
    return this.#files.get(keyOf(file.path)) === file;
  }

  delivered(file: ObservedFile): void {
    file.phase = 'delivered';
    this.#waiting.delete(file);
  }

  leave(file: ObservedFile): void {
    file.phase = 'left';
    this.#waiting.delete(file);
  }

  /** A file that was delivered or left is waited for again. */
  takeUp(file: ObservedFile, phase: Phase): void {
    file.phase = phase;
    this.#waiting.add(file);
  }

  get(path: Buffer): ObservedFile | undefined {
    return this.#files.get(keyOf(path));
  }

  /** Files that wait for what lies beside them. */
  awaitingSidecars(): ObservedFile[] {
    return [...this.#files.values()].filter(
      ({ phase, awaitsSidecars }) => awaitsSidecars && (phase === 'incomplete' || phase === 'left'),
    );
  }

  left(): ObservedFile[] {
    return [...this.#files.values()].filter(({ phase }) => phase === 'left');
  }

  /** Everything that is not yet delivered. */
  waiting(): ReadonlySet<ObservedFile> {
    return this.#waiting;
  }

  isWaiting(key: string): boolean {
    const file = this.#files.get(key);
    return file !== undefined && file.phase !== 'delivered' && file.phase !== 'left';
  }

  inPhase(phase: Phase): ObservedFile[] {
    return [...this.#waiting].filter((file) => file.phase === phase).sort(oldestFirst);
  }
}

export function oldestFirst(a: ObservedFile, b: ObservedFile): number {
  if (a.identity.mtimeNs !== b.identity.mtimeNs) return a.identity.mtimeNs < b.identity.mtimeNs ? -1 : 1;
  return Buffer.compare(a.path, b.path);
}
