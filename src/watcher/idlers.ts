import type { ObservedFile } from './observed-files.ts';

interface Idler {
  keys: string[];
  readonly resolve: () => void;
}

/** Those who wait until certain files have been handed over. */
export class Idlers {
  #idlers: Idler[] = [];

  /** Resolves as soon as none of the files is waiting any more, under its path, in whatever state it is by then. */
  until(keys: string[]): Promise<void> {
    return new Promise((resolve) => this.#idlers.push({ keys, resolve }));
  }

  /** @param isWaiting whether the file with this key is still to be handed over */
  review(isWaiting: (key: string) => boolean): void {
    for (const idler of this.#idlers) {
      idler.keys = idler.keys.filter(isWaiting);
      if (idler.keys.length === 0) idler.resolve();
    }
    this.#idlers = this.#idlers.filter((idler) => idler.keys.length > 0);
  }

  releaseAll(): void {
    this.review(() => false);
  }
}

/** In words, for people: what a file is waiting for. */
export function waitingReason(file: ObservedFile): string {
  if (file.phase === 'settling') return 'changed a moment ago';
  if (file.phase === 'checking') return 'its completeness is being checked';
  if (file.phase === 'incomplete' || file.phase === 'left') return file.incompleteReason ?? 'incomplete';
  return 'settled, waiting to be taken over';
}
