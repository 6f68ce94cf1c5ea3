import { pipeline, Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { messageOf, SluiceError } from '../../errors.ts';
import type { ArchiveLimits, SkippedEntry } from '../archive/archive.ts';
import { NamesOnce, safeName, skipReason } from '../archive/entry-names.ts';
import type { ByteSource } from '../byte-source.ts';
import { chunksOf } from '../transform-source.ts';

const BLOCK_BYTES = 512;
/** Two blocks of zeros. */
const END_BYTES = 2 * BLOCK_BYTES;

export interface ListedEntry {
  readonly name: string;
  readonly size: number;
  /** Where its data lies in the unpacked archive. */
  readonly offset: number;
  readonly problem: SluiceError | null;
}

export interface TarList {
  readonly entries: readonly ListedEntry[];
  readonly skipped: readonly SkippedEntry[];
}

/** Reads a tar from start to end for its list of entries, and closes it. */
export async function listTar(source: ByteSource, archive: string, limits: ArchiveLimits): Promise<TarList> {
  const reading = new Reading(archive, limits);
  const tar = extract();
  // An error reaches the loop through `tar`, which pipeline destroys with it.
  pipeline(Readable.from(counted(source, reading), { highWaterMark: 1 }), tar, () => {});
  try {
    for await (const entry of tar) {
      reading.add(entry.header);
      entry.resume();
    }
  } catch (error) {
    throw error instanceof SluiceError ? error : damage(archive, messageOf(error), error);
  } finally {
    tar.destroy();
    await source.close();
  }
  reading.refuseUnended();
  return reading;
}

async function* counted(source: ByteSource, reading: Reading): AsyncGenerator<Buffer> {
  for await (const chunk of chunksOf(source)) {
    reading.total += chunk.length;
    yield chunk;
  }
}

function damage(file: string, reason: string, cause?: unknown): SluiceError {
  const isCut = reason.includes('Unexpected end');
  const facts = { file, reason: isCut ? 'tar: it ends inside of an entry' : reason };
  return new SluiceError(isCut ? 'FILE_INCOMPLETE' : 'ARCHIVE_DAMAGED', facts, cause);
}

class Reading implements TarList {
  readonly entries: ListedEntry[] = [];
  readonly skipped: SkippedEntry[] = [];
  /** Bytes of the unpacked archive. */
  total = 0;
  private readonly names: NamesOnce;
  private count = 0;
  private bytes = 0;
  /** Where the data of the last entry ends. */
  private end = 0;

  constructor(
    private readonly archive: string,
    private readonly limits: ArchiveLimits,
  ) {
    this.names = new NamesOnce(archive);
  }

  add(header: Header): void {
    const { archive, limits } = this;
    const { size } = header;
    const name = safeName(nameOf(header), archive);
    const offset = offsetOf(header);
    this.count++;
    this.bytes += size;
    this.end = offset + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
    if (this.count > limits.entries) {
      const facts = { file: archive, count: `more than ${limits.entries}`, limit: limits.entries };
      throw new SluiceError('ARCHIVE_TOO_MANY_ENTRIES', facts);
    }
    if (this.bytes > limits.bytes)
      throw new SluiceError('ARCHIVE_TOO_LARGE', { file: archive, bytes: this.bytes, limit: limits.bytes });
    const reason = skipReason(name);
    if (reason !== null) {
      this.skipped.push({ name, reason });
      return;
    }
    this.names.add(name);
    this.entries.push({ name, size, offset, problem: problemOf(header, `${archive}/${name}`) });
  }

  /** A tar that was cut between two entries looks like a whole one, but for its end. */
  refuseUnended(): void {
    if (this.total >= this.end + END_BYTES) return;
    const reason = 'tar: the two blocks at its end are missing';
    throw new SluiceError('FILE_INCOMPLETE', { file: this.archive, reason });
  }
}

/** Without the `./` that `tar -c .` puts in front. */
function nameOf({ name, type }: Header): string {
  const path = name.replace(/^(\.\/+)+/, '') || './';
  return type === 'directory' && !path.endsWith('/') ? `${path}/` : path;
}

/** tar-stream tells where the data begins, its types do not say so. */
function offsetOf(header: Header & { readonly byteOffset?: number }): number {
  if (header.byteOffset === undefined) throw new Error('tar-stream does not tell where entries begin');
  return header.byteOffset;
}

function problemOf(header: Header, file: string): SluiceError | null {
  const isSparse = Object.keys(header.pax ?? {}).some((key) => key.startsWith('GNU.sparse'));
  if (!isSparse && (header.type === 'file' || header.type === 'contiguous-file')) return null;
  const type = isSparse ? 'a sparse file' : (TYPES[header.type ?? ''] ?? 'of an unknown type');
  return new SluiceError('ENTRY_NOT_A_FILE', { file, type });
}

const TYPES: Readonly<Record<string, string>> = {
  link: 'a link to another entry',
  symlink: 'a symbolic link',
  'character-device': 'a character device',
  'block-device': 'a block device',
  fifo: 'a FIFO',
};
