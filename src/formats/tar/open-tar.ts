import type { Archive, ArchiveEntry, ArchiveLimits, EntrySource } from '../archive/archive.ts';
import { LimitedSource } from '../archive/limited-source.ts';
import { VerifiedSource } from '../archive/verified-source.ts';
import type { ByteSource } from '../byte-source.ts';
import { compressionOf, unpacked } from '../compression.ts';
import { type RandomBytes, RangeSource } from '../random-bytes.ts';
import { type ListedEntry, listTar } from './list-tar.ts';
import { Tape } from './tape.ts';

/**
 * Reads a tar, or a compressed one, from start to end for its list. In a plain one entries can then be read in any order; a
 * compressed one is unpacked again as far as they are asked for.
 *
 * tar has no checksums of contents. Those of gzip and zstd cover everything, and were verified when the list was read.
 */
export async function openTar(bytes: RandomBytes, limits: ArchiveLimits): Promise<Archive> {
  const compression = compressionOf(bytes.name);
  const isPlain = compression === 'none';
  let packed = 0;
  const unpack = (): ByteSource => {
    const raw = new RangeSource(bytes, 0, bytes.size);
    if (isPlain) return raw;
    const content = new LimitedSource(
      unpacked(compression, raw, bytes.name),
      limits,
      () => raw.position,
      bytes.name,
    );
    return {
      read: async (target, offset) => {
        const got = await content.read(target, offset);
        packed = raw.position;
        return got;
      },
      close: () => content.close(),
    };
  };
  const { entries, skipped } = await listTar(unpack(), bytes.name, limits);
  const contents: Pick<RandomBytes, 'readInto'> = isPlain ? bytes : new Tape(unpack);
  return {
    entries,
    skipped,
    anyOrder: isPlain,
    open: (entry) =>
      openEntry(
        contents,
        entries.find((one) => one === entry) as ListedEntry,
        bytes,
        isPlain ? null : () => packed,
      ),
  };
}

function openEntry(
  contents: Pick<RandomBytes, 'readInto'>,
  entry: ListedEntry & ArchiveEntry,
  bytes: RandomBytes,
  packed: (() => number) | null,
): EntrySource {
  if (entry.problem !== null) throw entry.problem;
  const range = new RangeSource(contents, entry.offset, entry.size);
  const claim = { size: entry.size, crc32: null };
  const verified = new VerifiedSource(range, claim, `${bytes.name}/${entry.name}`);
  const start = packed?.() ?? 0;
  return {
    read: (target, offset) => verified.read(target, offset),
    close: () => verified.close(),
    position: () => (packed === null ? range.position : Math.max(0, packed() - start)),
  };
}
