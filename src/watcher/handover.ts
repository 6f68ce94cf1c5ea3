import { lstatIdentity } from './identity.ts';
import { inParallel } from './in-parallel.ts';
import type { ObservedFile, ObservedFiles } from './observed-files.ts';
import { settledFile } from './raw-path.ts';
import { type SettledFile, sameIdentity } from './settled-file.ts';
import { Turns } from './turns.ts';

const BATCH_FILES = 500;
const LSTATS_AT_A_TIME = 2;
const RETRY_MS = 1000;

export interface HandoverOptions {
  readonly root: Buffer;
  readonly files: ObservedFiles;
  readonly signal: AbortSignal;
  readonly onSettled: (files: readonly SettledFile[]) => Promise<void>;
  /** The file is not what was observed any more. */
  readonly onChanged: (file: ObservedFile) => void;
  /** Files have been accepted. */
  readonly onAccepted: () => void;
  /** The receiver rejected; the files are offered again. */
  readonly onRefused: (error: unknown) => void;
}

/** Gives ready files away, oldest first, one batch at a time: the next waits until the last was accepted. */
export class Handover {
  readonly #options: HandoverOptions;
  readonly #turns = new Turns(() => this.#turn());

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /** There may be ready files. */
  wake(): void {
    this.#turns.within(0);
  }

  /** No other batch begins. A batch under way is not waited for: whoever takes it may be stopping, too. */
  stop(): void {
    void this.#turns.stop();
  }

  async #turn(): Promise<void> {
    const { files, signal } = this.#options;
    for (let accepted = true; accepted && !signal.aborted; ) {
      const candidates = files.inPhase('ready').slice(0, BATCH_FILES);
      if (candidates.length === 0) return;
      const batch = await this.#stillTrue(candidates);
      accepted = signal.aborted || batch.length === 0 || (await this.#give(batch));
    }
    if (!signal.aborted) this.#turns.within(RETRY_MS);
  }

  /** Batches may have waited long for their turn: what changed meanwhile settles again. */
  async #stillTrue(candidates: readonly ObservedFile[]): Promise<ObservedFile[]> {
    const { files, signal, onChanged } = this.#options;
    const changed = new Set<ObservedFile>();
    await inParallel(candidates, LSTATS_AT_A_TIME, signal, async (file) => {
      const now = await lstatIdentity(file.path).catch(() => null);
      if (now === null || !sameIdentity(now, file.identity)) changed.add(file);
    });
    for (const file of changed) {
      file.phase = 'settling';
      onChanged(file);
    }
    return candidates.filter((file) => !changed.has(file) && files.isCurrent(file));
  }

  async #give(batch: readonly ObservedFile[]): Promise<boolean> {
    const { root, files, onSettled, onAccepted, onRefused } = this.#options;
    for (const file of batch) file.phase = 'delivering';
    try {
      await onSettled(
        batch.map((file) => settledFile(root, file.path, file.identity, file.incompleteReason)),
      );
    } catch (error) {
      for (const file of batch) file.phase = 'ready';
      onRefused(error);
      return false;
    }
    for (const file of batch) files.delivered(file);
    onAccepted();
    return true;
  }
}
