import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { messageOf, SluiceError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';
import type { Contents, ContentsReading, DirectReads } from './contents.ts';
import type { RandomBytes } from './random-bytes.ts';

const HASH_BYTES = 1024 * 1024;

/** What tells one state of a file from another: if any of these changes, so may the content. */
export interface FileIdentity {
  /** Bytes. */
  readonly size: number;
  /** Nanoseconds since the epoch. */
  readonly mtimeNs: bigint;
  readonly inode: bigint;
  readonly device: bigint;
}

/**
 * A source file opened for reading. Opening never follows a symbolic link and never blocks on a FIFO, and anything
 * but a regular file is refused.
 */
export class SourceHandle implements RandomBytes, Contents {
  /** Told after each read that the file gives bytes. */
  onRead: () => void = () => {};

  private constructor(
    private readonly handle: FileHandle,
    readonly path: Buffer,
    /** Displayed in errors. */
    readonly name: string,
    /** State of the file when it was opened. */
    readonly opened: FileIdentity,
  ) {}

  static async open(path: Buffer, name: string): Promise<SourceHandle> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await open(path, flags).catch((error: unknown) => {
      throw fileError(error, name);
    });
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile()) return new SourceHandle(handle, path, name, identityOf(stats));
    await handle.close();
    throw new SluiceError('FILE_UNREADABLE', { file: name, reason: 'it is not a regular file' });
  }

  /** Bytes, when it was opened. */
  get size(): number {
    return this.opened.size;
  }

  get direct(): DirectReads {
    return this;
  }

  async whole(): Promise<RandomBytes> {
    return this;
  }

  /** By a reading of its own. */
  async fileSha256(): Promise<string> {
    const source = this.sequential();
    const buffer = Buffer.allocUnsafe(HASH_BYTES);
    while ((await source.read(buffer, 0)) > 0);
    return source.sha256();
  }

  /** Reads up to `length` bytes at `position`; shorter only at the end of the file. */
  async readAt(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const got = await this.readInto(buffer, filled, length - filled, position + filled);
      if (got === 0) break;
      filled += got;
    }
    return buffer.subarray(0, filled);
  }

  async readInto(target: Buffer, offset: number, length: number, position: number): Promise<number> {
    try {
      const { bytesRead } = await this.handle.read(target, offset, length, position);
      this.onRead();
      return bytesRead;
    } catch (error) {
      throw fileError(error, this.name);
    }
  }

  /** Reads the file from its start. */
  sequential(): HashingSource {
    return new HashingSource((target, offset, position) =>
      this.readInto(target, offset, target.length - offset, position),
    );
  }

  /** True when the open file and what its path leads to are both still what was opened (I9). */
  async isUnchanged(): Promise<boolean> {
    const now = identityOf(await this.handle.stat({ bigint: true }));
    const atPath = await lstat(this.path, { bigint: true }).catch(() => null);
    return atPath !== null && sameFile(now, this.opened) && sameFile(identityOf(atPath), this.opened);
  }

  /** True when nothing is left at the file's path. */
  async isGone(): Promise<boolean> {
    try {
      await lstat(this.path);
      return false;
    } catch (error) {
      return fileError(error, this.name).code === 'FILE_VANISHED';
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

type Pull = (target: Buffer, offset: number, position: number) => Promise<number>;

/** Reads from start to end and hashes what it read. */
export class HashingSource implements ContentsReading {
  /** Bytes read so far. */
  position = 0;
  private readonly hash = createHash('sha256');
  private digest: string | null = null;

  constructor(
    private readonly pull: Pull,
    private readonly onClose: () => Promise<void> = async () => {},
  ) {}

  /** Hashes what passes through. */
  static over(source: ByteSource): HashingSource {
    return new HashingSource(
      (target, offset) => source.read(target, offset),
      () => source.close(),
    );
  }

  async read(target: Buffer, offset: number): Promise<number> {
    const got = await this.pull(target, offset, this.position);
    this.hash.update(target.subarray(offset, offset + got));
    this.position += got;
    return got;
  }

  /** SHA-256 of everything read, in hex. Ends the hashing. */
  sha256(): string {
    this.digest ??= this.hash.digest('hex');
    return this.digest;
  }

  /** The same, for what is read is the file. */
  fileSha256(): string {
    return this.sha256();
  }

  close(): Promise<void> {
    return this.onClose();
  }
}

/** True when both describe the same state of the same file. */
export function sameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.inode === b.inode && a.device === b.device;
}

interface BigStats {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
  readonly dev: bigint;
}

/** What `lstat` with `bigint` says about a file's state. */
export function identityOf(stats: BigStats): FileIdentity {
  return { size: Number(stats.size), mtimeNs: stats.mtimeNs, inode: stats.ino, device: stats.dev };
}

function fileError(error: unknown, file: string): SluiceError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const facts = { file, reason: messageOf(error) };
  if (code === 'ENOENT' || code === 'ENOTDIR') return new SluiceError('FILE_VANISHED', facts, error);
  if (code === 'EACCES' || code === 'EPERM') return new SluiceError('FILE_UNREADABLE', facts, error);
  if (code === 'ELOOP')
    return new SluiceError('FILE_UNREADABLE', { file, reason: 'it is a symbolic link' }, error);
  return new SluiceError('FILE_READ_FAILED', facts, error);
}
