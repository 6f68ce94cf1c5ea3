import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { type ChokidarOptions, FSWatcher, type Throttler, type ThrottleType } from 'chokidar';
import { keyOf } from './raw-path.ts';

/** What happened in `folder`; `name` is null when it is not known which entry it happened to. */
export type FolderEventListener = (folder: Buffer, name: Buffer | null) => void;

export interface FolderEventsOptions {
  readonly usePolling: boolean;
  /** Milliseconds between two looks at a folder; only with `usePolling`. */
  readonly pollMs: number;
  readonly onEvent: FolderEventListener;
  /** The kernel refuses to watch a folder, or more folders; walks must do. */
  readonly onUnavailable: (error: unknown) => void;
}

/**
 * Polling compares with a first `stat` of its own, made some time after `watch` has resolved: what changes before it is never
 * told. One more look is taken when it is over for certain.
 */
const FIRST_STAT_MS = 2000;

interface Watched {
  readonly signature: string;
  readonly watcher: OneFolder;
}

/**
 * Chokidar on exactly one folder. By itself it would list and `lstat` a whole folder for every event in it (measured:
 * more than one core for a folder of 10,000 files at 25 events a second) and hold a handle for each file. Every listing starts by
 * passing the `readdir` throttle; refusing it there leaves the one watch on the folder and its `raw` events.
 */
class OneFolder extends FSWatcher {
  #lookAgain: NodeJS.Timeout | undefined;

  /** Calls back once, when `ms` have passed, unless it is shut before. */
  lookAgainAfter(ms: number, look: () => void): void {
    this.#lookAgain = setTimeout(look, ms);
  }

  override _throttle(type: ThrottleType, path: string, timeout: number): Throttler | false {
    return type === 'readdir' ? false : super._throttle(type, path, timeout);
  }

  /** Closing removes all listeners, and an error of work still under way would then be thrown. */
  shut(): Promise<void> {
    clearTimeout(this.#lookAgain);
    const closed = this.close();
    this.on('error', () => undefined);
    return closed;
  }
}

/** Events of single folders, as hints that something may have changed. Any of them may be missing. */
export class FolderEvents {
  readonly #options: FolderEventsOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #closed = new AbortController();

  constructor(options: FolderEventsOptions) {
    this.#options = options;
  }

  /**
   * Listens to a folder; resolves when events flow, or it is known that they never will. A folder whose path is not
   * UTF-8 has no events: chokidar knows paths as strings only.
   *
   * @param real the folder's path without links
   * @param signature changes when the folder is replaced by another of the same name; the old watch is dead then
   */
  async watch(folder: Buffer, real: Buffer, signature: string): Promise<void> {
    const key = keyOf(folder);
    if (this.#watched.get(key)?.signature === signature || !isUtf8(real)) return;
    await this.unwatch(folder);
    if (this.#closed.signal.aborted) return;
    const watcher = new OneFolder(this.#chokidarOptions());
    this.#watched.set(key, { signature, watcher });
    watcher.on('raw', (_event, at, details) => this.#heard(folder, real, at, details));
    watcher.on('error', (error) => this.#failed(folder, watcher, error));
    if (this.#options.usePolling)
      watcher.lookAgainAfter(FIRST_STAT_MS, () => this.#options.onEvent(folder, null));
    // Rejects on `close` and on an error, which the listener above deals with: either way there is nothing to wait for.
    const ready = once(watcher, 'ready', { signal: this.#closed.signal }).catch(() => undefined);
    watcher.add(real.toString('utf8'));
    await ready;
  }

  /** A watch that failed is none: the next walk tries again. */
  #failed(folder: Buffer, watcher: OneFolder, error: unknown): void {
    if (this.#watched.get(keyOf(folder))?.watcher === watcher) this.#watched.delete(keyOf(folder));
    void watcher.shut();
    this.#options.onUnavailable(error);
  }

  async unwatch(folder: Buffer): Promise<void> {
    const key = keyOf(folder);
    const watched = this.#watched.get(key);
    this.#watched.delete(key);
    await watched?.watcher.shut();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    const all = [...this.#watched.values()];
    this.#watched.clear();
    await Promise.all(all.map(({ watcher }) => watcher.shut()));
  }

  #chokidarOptions(): ChokidarOptions {
    const { usePolling, pollMs } = this.#options;
    return {
      usePolling,
      interval: pollMs,
      binaryInterval: pollMs,
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
    };
  }

  /** Kernel events name the entry; polling only tells that the folder changed. */
  #heard(folder: Buffer, real: Buffer, at: unknown, details: unknown): void {
    const where = watchedPath(details);
    if (where !== undefined && where !== real.toString('utf8')) return;
    const named = where !== undefined && typeof at === 'string' && !at.includes('\ufffd');
    this.#options.onEvent(folder, named ? Buffer.from(at) : null);
  }
}

function watchedPath(details: unknown): string | undefined {
  if (typeof details !== 'object' || details === null || !('watchedPath' in details)) return undefined;
  return typeof details.watchedPath === 'string' ? details.watchedPath : undefined;
}
