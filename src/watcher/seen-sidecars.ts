import type { BigIntStats } from 'node:fs';
import { keyOf } from './raw-path.ts';

interface Seen {
  readonly state: string;
  walk: number;
}

/** The sidecars that lie in the folder, so that nobody has to look for one beside every file. */
export class SeenSidecars {
  readonly #seen = new Map<string, Seen>();

  /** @param onChanged told of one that is new, or not what it was */
  constructor(private readonly onChanged: (path: Buffer) => void) {}

  see(path: Buffer, stats: BigIntStats, walk: number): void {
    const state = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`;
    const known = this.#seen.get(keyOf(path));
    this.#seen.set(keyOf(path), { state, walk });
    if (known?.state !== state) this.onChanged(path);
  }

  hasAny(paths: readonly Buffer[]): boolean {
    return this.#seen.size > 0 && paths.some((path) => this.#seen.has(keyOf(path)));
  }

  /** Forgets what no walk since `walk` has seen, except where `keep` holds. */
  prune(walk: number, keep: (key: string) => boolean): void {
    for (const [key, seen] of this.#seen) if (seen.walk < walk && !keep(key)) this.#seen.delete(key);
  }
}
