import type { FileHandle } from 'node:fs/promises';
import { COMPLETE, type Completeness, incomplete } from '../completeness.ts';
import {
  BLOCK_HEADER_BYTES,
  CHECKSUM_BYTES,
  headerLength,
  isSkippable,
  MAGIC,
  MOST_HEADER_BYTES,
  parseBlockHeader,
  parseHeader,
} from './frame.ts';

/** So many zeros in a row are no blocks: the file is still being filled. */
const MANY_ZEROS = 64;
const CUT = incomplete('zstd: the data ends within a frame');
const FILLING = incomplete('zstd: zeros where data should be, still being filled');

/**
 * Tells whether the last frame in an open file has its last block and checksum, from one block header to the next, without unpacking. Damage is not
 * absence: what waiting cannot cure counts as complete, for the reader of the content to refuse.
 */
export async function zstdCompleteness(
  handle: FileHandle,
  size: number,
  signal: AbortSignal,
): Promise<Completeness> {
  let at = 0;
  while (at < size) {
    signal.throwIfAborted();
    const start = await readAt(handle, at, MANY_ZEROS);
    if (start.every((byte) => byte === 0)) return FILLING;
    if (start.length < 4) return CUT;
    const magic = start.readUInt32LE(0);
    if (magic !== MAGIC && !isSkippable(magic)) return COMPLETE;
    if (start.length < 8) return CUT;
    if (magic !== MAGIC) at += 8 + start.readUInt32LE(4);
    else if (start.length < Math.min(MOST_HEADER_BYTES, headerLength(start))) return CUT;
    else {
      const end = await endOfFrame(handle, at, start, signal);
      if (typeof end !== 'number') return end;
      at = end;
    }
  }
  return at > size ? CUT : COMPLETE;
}

async function endOfFrame(
  handle: FileHandle,
  start: number,
  head: Buffer,
  signal: AbortSignal,
): Promise<number | Completeness> {
  const { length, hasChecksum } = parseHeader(head);
  for (let at = start + length; ; ) {
    signal.throwIfAborted();
    const bytes = await readAt(handle, at, MANY_ZEROS);
    if (bytes.length < BLOCK_HEADER_BYTES) return CUT;
    if (bytes.length === MANY_ZEROS && bytes.every((byte) => byte === 0)) return FILLING;
    const { isLast, stored } = parseBlockHeader(bytes);
    at += BLOCK_HEADER_BYTES + stored;
    if (isLast) return at + (hasChecksum ? CHECKSUM_BYTES : 0);
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
