import type { Sidecars } from '../formats/sidecar/sidecars.ts';
import { checkCompleteness, isSlowToCheck } from './check-completeness.ts';
import { isGone } from './identity.ts';
import { inParallel } from './in-parallel.ts';
import { type ObservedFile, oldestFirst } from './observed-files.ts';

/** Quick checks whose results are released together, so that the order by age survives them. */
const CHUNK_FILES = 200;
const QUICK_AT_A_TIME = 2;
/** Two, so that one file on a hanging mount does not hold up the others. */
const SLOW_AT_A_TIME = 2;
/** Hashing this much takes a millisecond. */
const QUICK_BYTES = 256 * 1024;

export interface Verdict {
  readonly file: ObservedFile;
  /** Null when complete. */
  readonly incompleteReason: string | null;
  /** What is missing, or does not agree, lies beside the file. */
  readonly awaitsSidecars: boolean;
}

export interface LanesOptions {
  readonly sidecars: Sidecars;
  /** Nothing lies beside the file, and nothing has to. */
  readonly standsAlone: (file: ObservedFile) => boolean;
  /** Takes verdicts, oldest file first. */
  readonly onVerdicts: (verdicts: Verdict[]) => void;
  /** The file is not what was observed any more. */
  readonly onChanged: (file: ObservedFile) => void;
}

/** Checks settled files for completeness: the quick ones in order of age, those to inflate at length beside them. */
export class CompletenessLanes {
  readonly #options: LanesOptions;
  readonly #stopped = new AbortController();
  readonly #slowUnderWay = new Map<ObservedFile, AbortController>();
  readonly #running = new Set<Promise<void>>();
  #quick: ObservedFile[] = [];
  #slow: ObservedFile[] = [];
  #quickRunning = false;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  add(files: readonly ObservedFile[]): void {
    for (const file of files) (this.#isSlow(file) ? this.#slow : this.#quick).push(file);
    this.#quick.sort(oldestFirst);
    this.#slow.sort(oldestFirst);
    this.#startQuick();
    this.#startSlow();
  }

  /** Hashing a file takes its time. */
  #isSlow(file: ObservedFile): boolean {
    return isSlowToCheck(file) || (file.identity.size > QUICK_BYTES && !this.#options.standsAlone(file));
  }

  /** Ends the check of a file that has changed or gone. */
  cancel(file: ObservedFile): void {
    this.#slowUnderWay.get(file)?.abort();
    if (file.phase !== 'checking') return;
    this.#slow = this.#slow.filter((other) => other !== file);
  }

  /** Resolves when every check has ended; no other begins. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    for (const controller of this.#slowUnderWay.values()) controller.abort();
    await Promise.all(this.#running);
  }

  #startQuick(): void {
    if (this.#quickRunning || this.#quick.length === 0) return;
    this.#quickRunning = true;
    this.#track(this.#runQuick());
  }

  async #runQuick(): Promise<void> {
    while (this.#quick.length > 0 && !this.#stopped.signal.aborted) {
      const chunk = this.#quick.splice(0, CHUNK_FILES);
      const verdicts = new Map<ObservedFile, Verdict>();
      await inParallel(chunk, QUICK_AT_A_TIME, this.#stopped.signal, async (file) => {
        const verdict = await this.#judge(file, this.#stopped.signal);
        if (verdict !== null) verdicts.set(file, verdict);
      });
      if (this.#stopped.signal.aborted) return;
      this.#options.onVerdicts(chunk.flatMap((file) => verdicts.get(file) ?? []));
    }
    this.#quickRunning = false;
  }

  #startSlow(): void {
    while (this.#slowUnderWay.size < SLOW_AT_A_TIME && !this.#stopped.signal.aborted) {
      const file = this.#slow.shift();
      if (file === undefined) return;
      this.#track(this.#runSlow(file));
    }
  }

  async #runSlow(file: ObservedFile): Promise<void> {
    const controller = new AbortController();
    this.#slowUnderWay.set(file, controller);
    const verdict = await this.#judge(file, controller.signal);
    this.#slowUnderWay.delete(file);
    if (verdict !== null && !controller.signal.aborted) this.#options.onVerdicts([verdict]);
    this.#startSlow();
  }

  async #judge(file: ObservedFile, signal: AbortSignal): Promise<Verdict | null> {
    try {
      const { sidecars, standsAlone } = this.#options;
      const found = await checkCompleteness(file, signal);
      if (found !== null && (!found.complete || standsAlone(file)))
        return { file, incompleteReason: found.reason, awaitsSidecars: false };
      if (found !== null) {
        const { reason } = await sidecars.check(file.path, signal);
        return { file, incompleteReason: reason, awaitsSidecars: reason !== null };
      }
      this.#options.onChanged(file);
      return null;
    } catch (error) {
      if (signal.aborted) return null;
      // It went away while it was hashed.
      if (isGone(error)) {
        this.#options.onChanged(file);
        return null;
      }
      throw error;
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }
}
