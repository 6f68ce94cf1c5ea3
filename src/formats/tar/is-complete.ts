import { COMPLETE, type Completeness, incomplete, type ReadsAt } from '../completeness.ts';

const BLOCK_BYTES = 512;
const END_BYTES = 2 * BLOCK_BYTES;
const MAGIC = Buffer.from('ustar');
const MAGIC_OFFSET = 257;

/** Tells whether a tar in an open file has its end: two blocks of zeros. What is no tar counts as complete, to be refused. */
export async function tarCompleteness(handle: ReadsAt, size: number): Promise<Completeness> {
  if (size === 0) return COMPLETE;
  const magic = await handle.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, MAGIC_OFFSET);
  if (size >= BLOCK_BYTES && !magic.buffer.equals(MAGIC)) return COMPLETE;
  if (size % BLOCK_BYTES !== 0) return incomplete('tar: it ends inside of a block');
  const end = await handle.read(Buffer.alloc(END_BYTES, 1), 0, END_BYTES, Math.max(0, size - END_BYTES));
  return end.buffer.every((byte) => byte === 0) ? COMPLETE : incomplete('tar: its end is missing');
}
