import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fsync, open as openFile, writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

/** So much is sent to the disk while more is written: all of it at the end would have to be waited for. */
const SYNC_BYTES = 32 * 1024 * 1024;

/** A file that is either there in full or not at all: written under a temporary name beside it, synced, renamed. */
export class WholeFile {
  private state: 'open' | 'complete' | 'finished' = 'open';
  private unsynced = 0;
  private syncing: Promise<void> | null = null;
  private syncError: unknown = null;

  private constructor(
    private readonly handle: FileHandle,
    readonly temporary: string,
    private readonly target: string,
  ) {}

  /**
   * Always the same temporary name for a target: what a crash leaves is overwritten when it is written again. Makes its
   * folder, too. `prefix` begins the temporary name and tells whose it is.
   */
  static async create(target: string, prefix = '.'): Promise<WholeFile> {
    const temporary = temporaryOf(target, prefix);
    return new WholeFile(await inFolder(temporary, () => open(temporary, 'w')), temporary, target);
  }

  async write(bytes: Buffer): Promise<void> {
    await this.handle.writeFile(bytes);
    this.unsynced += bytes.length;
    if (this.unsynced >= SYNC_BYTES && this.syncing === null) this.sendToDisk();
  }

  /** All of it is on disk, under the temporary name still. */
  async complete(): Promise<void> {
    if (this.state !== 'open') return;
    await this.syncing;
    // The system tells once that it could not write; the next sync would find nothing wrong.
    if (this.syncError !== null) throw this.syncError;
    await this.handle.sync();
    this.state = 'complete';
    await this.handle.close();
  }

  async finish(): Promise<void> {
    await this.complete();
    await rename(this.temporary, this.target);
    this.state = 'finished';
  }

  /** Takes back what is not finished; does nothing after `finish`. */
  async discard(): Promise<void> {
    if (this.state === 'finished') return;
    await this.syncing;
    if (this.state === 'open') await this.handle.close();
    this.state = 'finished';
    await rm(this.temporary, { force: true });
  }

  private sendToDisk(): void {
    this.unsynced = 0;
    this.syncing = this.handle.datasync().then(
      () => {
        this.syncing = null;
      },
      (error: unknown) => {
        this.syncError = error;
        this.syncing = null;
      },
    );
  }
}

const openSmall = promisify(openFile);
const syncSmall = promisify(fsync);

/**
 * Writes a small file as a whole, like `WholeFile`, with fewer threads to be woken: what is written goes into memory, and closing a file
 * that has been synced has nothing to wait for.
 */
export async function writeSmallFile(target: string, bytes: Buffer): Promise<void> {
  const temporary = temporaryOf(target);
  const fd = await inFolder(temporary, () => openSmall(temporary, 'w'));
  try {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      await syncSmall(fd);
    } finally {
      closeSync(fd);
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Makes the folder of a file, where that is what it lacks. */
async function inFolder<T>(file: string, create: () => Promise<T>): Promise<T> {
  try {
    return await create();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(path.dirname(file), { recursive: true });
    return create();
  }
}

/** Where a file lies until it is complete. */
export function temporaryOf(target: string, prefix = '.'): string {
  const name = createHash('sha256').update(path.basename(target)).digest('hex').slice(0, 32);
  return path.join(path.dirname(target), `${prefix}${name}.tmp`);
}

/** What has been renamed in a folder stays so, also after a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
