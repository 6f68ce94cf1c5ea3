import type { ByteSource } from '../../formats/byte-source.ts';
import type { Contents, DirectReads } from '../../formats/contents.ts';

/** Bytes drawn from across a file. */
export interface Sample {
  /** The start of the file. */
  readonly head: Buffer;
  /** Pieces from further on, each cut anywhere. */
  readonly slices: readonly Buffer[];
  /** `head` is the whole file. */
  readonly whole: boolean;
}

/** Files up to this size are looked at in full. */
const WHOLE_BYTES = 1024 * 1024;
const HEAD_BYTES = 256 * 1024;
const SLICE_BYTES = 32 * 1024;
const SLICES = 24;
/** How far into a compressed file the sample reaches; further on, inflating would cost as much as loading. */
const INFLATE_BYTES = 16 * 1024 * 1024;

/** Samples what a file holds, as it is. */
export async function sampleContents(contents: Contents): Promise<Sample> {
  if (contents.direct !== null) return sampleDirect(contents.direct);
  const reading = contents.sequential();
  return sampleStream(reading).finally(() => reading.close());
}

/** Samples a file whose every position can be read at once. */
async function sampleDirect(handle: DirectReads): Promise<Sample> {
  const { size } = handle;
  if (size <= WHOLE_BYTES) return { head: await handle.readAt(0, size), slices: [], whole: true };
  const head = await handle.readAt(0, HEAD_BYTES);
  const slices: Buffer[] = [];
  const stride = Math.floor((size - HEAD_BYTES) / SLICES);
  for (let n = 1; n <= SLICES; n++) {
    // Even positions, so that a slice of UTF-16 starts with a whole unit.
    const position = Math.max(HEAD_BYTES, HEAD_BYTES + n * stride - SLICE_BYTES);
    slices.push(await handle.readAt(position - (position % 2), SLICE_BYTES));
  }
  return { head, slices, whole: false };
}

/**
 * Samples a stream that can only be read from its start: its head, and slices at widening distances after it.
 *
 * @param size bytes it will give at the most, when that is known
 */
export async function sampleStream(source: ByteSource, size = WHOLE_BYTES): Promise<Sample> {
  const head = await take(source, Math.min(WHOLE_BYTES, size) + 1);
  if (head.length <= WHOLE_BYTES) return { head, slices: [], whole: true };
  const slices: Buffer[] = [];
  const buffer = Buffer.allocUnsafe(SLICE_BYTES);
  let position = head.length;
  let next = position * 2;
  for (;;) {
    const got = await source.read(buffer, 0);
    if (got === 0 || position > INFLATE_BYTES) break;
    position += got;
    if (position < next) continue;
    slices.push(Buffer.from(buffer.subarray(0, got)));
    next = position + Math.max(WHOLE_BYTES, position / 8);
  }
  return { head, slices, whole: false };
}

async function take(source: ByteSource, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  let filled = 0;
  while (filled < bytes) {
    const got = await source.read(buffer, filled);
    if (got === 0) break;
    filled += got;
  }
  return buffer.subarray(0, filled);
}
