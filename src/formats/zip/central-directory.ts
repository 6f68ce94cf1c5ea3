import type { ReadsAt } from '../completeness.ts';

const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_END_SIGNATURE = 0x06064b50;
const ZIP64_END_BYTES = 56;
const WINDOW_BYTES = 64 * 1024;

interface CentralDirectory {
  readonly entries: number;
  readonly start: number;
  readonly bytes: number;
  /** Offset of the record that announces it; it must lie in front of that. */
  readonly limit: number;
}

/**
 * What is wrong with the central directory that an end record announces, in words; null when every entry is there.
 *
 * @param end the 22 fixed bytes of the end-of-central-directory record (APPNOTE.TXT 4.3.16)
 * @param endOffset where they begin in the file
 */
export async function centralDirectoryProblem(
  handle: ReadsAt,
  end: Buffer,
  endOffset: number,
): Promise<string | null> {
  const directory = await locate(handle, end, endOffset);
  if (directory === null) return 'ZIP: ZIP64 end of central directory missing';
  if (directory.start + directory.bytes > directory.limit) {
    return 'ZIP: the central directory lies outside of the file';
  }
  return (await holdsEveryEntry(handle, directory)) ? null : 'ZIP: the central directory is not readable';
}

async function locate(handle: ReadsAt, end: Buffer, endOffset: number): Promise<CentralDirectory | null> {
  const plain: CentralDirectory = {
    entries: end.readUInt16LE(10),
    bytes: end.readUInt32LE(12),
    start: end.readUInt32LE(16),
    limit: endOffset,
  };
  const needsZip64 = plain.bytes === 0xffffffff || plain.start === 0xffffffff;
  if (!needsZip64 && plain.entries !== 0xffff) return plain;
  const large = await locateZip64(handle, endOffset);
  return large ?? (needsZip64 ? null : plain);
}

async function locateZip64(handle: ReadsAt, endOffset: number): Promise<CentralDirectory | null> {
  const locator = await readExactly(handle, endOffset - ZIP64_LOCATOR_BYTES, ZIP64_LOCATOR_BYTES);
  if (locator?.readUInt32LE(0) !== ZIP64_LOCATOR_SIGNATURE) return null;
  const limit = Number(locator.readBigUInt64LE(8));
  const end = await readExactly(handle, limit, ZIP64_END_BYTES);
  if (end?.readUInt32LE(0) !== ZIP64_END_SIGNATURE) return null;
  return {
    entries: Number(end.readBigUInt64LE(32)),
    bytes: Number(end.readBigUInt64LE(40)),
    start: Number(end.readBigUInt64LE(48)),
    limit,
  };
}

async function holdsEveryEntry(handle: ReadsAt, directory: CentralDirectory): Promise<boolean> {
  const stop = directory.start + directory.bytes;
  let at = directory.start;
  let window: Buffer = Buffer.alloc(0);
  let windowStart = at;
  for (let entry = 0; entry < directory.entries; entry++) {
    if (at + ENTRY_BYTES > stop) return false;
    if (at + ENTRY_BYTES > windowStart + window.length) {
      const next = await readExactly(handle, at, Math.min(WINDOW_BYTES, stop - at));
      if (next === null) return false;
      window = next;
      windowStart = at;
    }
    const header = window.subarray(at - windowStart);
    if (header.readUInt32LE(0) !== ENTRY_SIGNATURE) return false;
    at += ENTRY_BYTES + header.readUInt16LE(28) + header.readUInt16LE(30) + header.readUInt16LE(32);
  }
  return at <= stop;
}

/** Null when the file has fewer bytes there, or when the place is no place. */
async function readExactly(handle: ReadsAt, position: number, length: number): Promise<Buffer | null> {
  if (!Number.isSafeInteger(position) || position < 0) return null;
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return bytesRead === length ? buffer : null;
}
