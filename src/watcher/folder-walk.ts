import type { BigIntStats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { messageOf, SluiceError } from '../errors.ts';
import type { Sidecars } from '../formats/sidecar/sidecars.ts';
import { displayPath } from './display-path.ts';
import type { FolderEvents } from './folder-events.ts';
import { isGone, lstatIfThere } from './identity.ts';
import { isHiddenName, isIgnoredFile, isIgnoredFolder } from './ignored.ts';
import { inParallel } from './in-parallel.ts';
import type { Problems } from './problems.ts';
import { baseName, folderOf, joinRaw, keyOf } from './raw-path.ts';

/** Of libuv's four threads: a hanging mount then still leaves two for everything else. */
const LSTATS_AT_A_TIME = 2;

export interface WalkOptions {
  readonly root: Buffer;
  readonly events: FolderEvents;
  readonly problems: Problems;
  readonly signal: AbortSignal;
  readonly sidecars: Sidecars;
  /** A file that accompanies others. */
  readonly onSidecar: (path: Buffer, stats: BigIntStats, walk: number) => void;
  readonly onFile: (path: Buffer, stats: BigIntStats, walk: number) => void;
}

/** `gone`: no file is there any more; `folder gone`: nor is anything below; `unknown`: the file system would not tell. */
export type Found = 'file' | 'gone' | 'folder gone' | 'unknown';

/** Looks at what lies in the folder: regular files are passed on, everything else is reported or entered. */
export class FolderWalk {
  readonly #options: WalkOptions;
  readonly #folders = new Map<string, Buffer>();
  readonly #unreadable = new Set<string>();
  /** Number of the walk under way, or of the last one. */
  number = 0;
  /** True when the last walk found no imports folder. */
  rootIsGone = false;

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  /** Looks at everything. Afterwards whatever was not seen by `number` is gone, unless `isHidden`. */
  async everything(): Promise<void> {
    this.number++;
    this.#unreadable.clear();
    this.rootIsGone = false;
    const known = [...this.#folders.values()];
    const seen = await this.#enter(this.#options.root);
    if (this.#options.signal.aborted) return;
    for (const folder of known) if (!seen.has(keyOf(folder))) await this.#leave(folder);
    this.#options.problems.prune(this.number, (subject) => this.isHidden(subject));
  }

  /** Looks at one path below the root, and what lies below it if it is a folder. */
  async one(path: Buffer): Promise<Found> {
    const wasFolder = this.#folders.has(keyOf(path));
    const stats = await this.#lstat(path);
    if (stats === undefined) return 'unknown';
    if (stats?.isDirectory()) {
      if (!this.#skips(path)) await this.#enter(path, stats);
      return 'gone';
    }
    if (wasFolder) await this.#leave(path);
    if (stats === null) this.#options.problems.clear(keyOf(path));
    else this.#look(path, stats);
    if (wasFolder) return 'folder gone';
    return stats?.isFile() ? 'file' : 'gone';
  }

  /** True when the thing lies in a folder that could not be read: it may still be there. */
  isHidden(key: string): boolean {
    for (let at = key.lastIndexOf('/'); at > 0; at = key.lastIndexOf('/', at - 1)) {
      if (this.#unreadable.has(key.slice(0, at))) return true;
    }
    return this.#unreadable.has(key);
  }

  /** Enters a folder and those below it; returns the keys of all that exist, readable or not. */
  async #enter(top: Buffer, topStats?: BigIntStats): Promise<Set<string>> {
    const seen = new Set<string>();
    const queue: Array<{ folder: Buffer; stats: BigIntStats | undefined }> = [
      { folder: top, stats: topStats },
    ];
    for (let next = queue.pop(); next !== undefined && !this.#options.signal.aborted; next = queue.pop()) {
      const { folder, stats } = next;
      const names = await this.#list(folder, stats);
      if (names === null) continue;
      seen.add(keyOf(folder));
      await inParallel(names, LSTATS_AT_A_TIME, this.#options.signal, async (name) => {
        const path = joinRaw(folder, name);
        const found = isHiddenName(name) ? null : await this.#lstat(path);
        if (!found) return;
        if (!found.isDirectory()) this.#look(path, found);
        else if (!this.#skips(path)) queue.push({ folder: path, stats: found });
      });
      if (!this.#unreadable.has(keyOf(folder))) this.#options.problems.clear(keyOf(folder));
    }
    return seen;
  }

  /** The names in a folder, which is listened to from before they are read; null when the folder is gone. */
  async #list(folder: Buffer, stats: BigIntStats | undefined): Promise<Buffer[] | null> {
    try {
      const self = stats ?? (await stat(folder, { bigint: true }));
      const real = stats === undefined ? await realpath(folder, { encoding: 'buffer' }) : folder;
      this.#folders.set(keyOf(folder), folder);
      await this.#options.events.watch(folder, real, signatureOf(self));
      return await readdir(folder, { encoding: 'buffer' });
    } catch (error) {
      return this.#failed(folder, error);
    }
  }

  #failed(folder: Buffer, error: unknown): Buffer[] | null {
    const isRoot = folder.equals(this.#options.root);
    if (isGone(error)) {
      if (isRoot) this.rootIsGone = true;
      if (isRoot) this.#report(folder, 'IMPORTS_FOLDER_GONE', error);
      return null;
    }
    this.#unreadable.add(keyOf(folder));
    this.#report(folder, 'FOLDER_UNREADABLE', error);
    return [];
  }

  #report(folder: Buffer, code: 'IMPORTS_FOLDER_GONE' | 'FOLDER_UNREADABLE', error: unknown): void {
    this.#options.problems.raise(keyOf(folder), code, this.number, () => {
      return new SluiceError(code, { path: displayPath(folder), reason: messageOf(error) }, error);
    });
  }

  /** Null when nothing is there; undefined when it cannot be told, which is reported for the folder. */
  async #lstat(path: Buffer): Promise<BigIntStats | null | undefined> {
    try {
      return await lstatIfThere(path);
    } catch (error) {
      this.#failed(folderOf(path), error);
      return undefined;
    }
  }

  #look(path: Buffer, stats: BigIntStats): void {
    const { sidecars, onSidecar } = this.#options;
    if (isIgnoredFile(baseName(path))) return;
    if (sidecars.isSidecar(baseName(path))) {
      if (stats.isFile()) onSidecar(path, stats, this.number);
      return;
    }
    if (stats.isFile()) {
      this.#options.problems.clear(keyOf(path));
      this.#options.onFile(path, stats, this.number);
      return;
    }
    this.#options.problems.raise(keyOf(path), signatureOf(stats), this.number, () => {
      return new SluiceError('NOT_A_REGULAR_FILE', { path: displayPath(path), type: typeOf(stats) });
    });
  }

  #skips(folder: Buffer): boolean {
    return isIgnoredFolder(baseName(folder), folderOf(folder).equals(this.#options.root));
  }

  async #leave(folder: Buffer): Promise<void> {
    const below = `${keyOf(folder)}/`;
    for (const [key, known] of this.#folders) {
      if (key !== keyOf(folder) && !key.startsWith(below)) continue;
      this.#folders.delete(key);
      await this.#options.events.unwatch(known);
    }
  }
}

/** Differs for a thing that took another's place, also when the file system gives it the same inode number. */
function signatureOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.birthtimeNs}:${stats.mode & 0o170000n}`;
}

function typeOf(stats: BigIntStats): string {
  if (stats.isSymbolicLink()) return 'symbolic link';
  if (stats.isFIFO()) return 'FIFO';
  if (stats.isSocket()) return 'socket';
  return 'device';
}
