import { COMPLETE, type Completeness, incomplete, type ReadsAt } from '../completeness.ts';
import { DATA_TAGS, ENCRYPTED_TAGS, tagOf, walkPackets } from './packets.ts';

const HEAD_BYTES = 64;
const TAIL_BYTES = 1024;
/** The integrity code at the end is never all zeros. */
const ZEROS_BYTES = 8;
const ARMOR_BEGIN = '-----BEGIN PGP ';
const ARMOR_END = '-----END PGP ';

/**
 * Tells whether an encrypted file has its end: an armored one its last line, a binary one the end of its last packet. A binary
 * message of no stated length cannot be told from a cut one; decrypting it will.
 *
 * What waiting cannot cure (no encrypted message at all) counts as complete, for the reader of the content to refuse.
 *
 * @param size bytes to look at, from the start
 * @throws AbortError when `signal` fires; file system errors as they are
 */
export async function openpgpCompleteness(
  handle: ReadsAt,
  size: number,
  signal: AbortSignal,
): Promise<Completeness> {
  if (size === 0) return COMPLETE;
  const head = await readAt(handle, 0, Math.min(HEAD_BYTES, size));
  if (isZeros(head)) return incomplete('it starts with zeros: still being filled');
  const text = head.toString('latin1').trimStart();
  if (text.startsWith(ARMOR_BEGIN)) return armorCompleteness(handle, size);
  if (ARMOR_BEGIN.startsWith(text)) return incomplete('OpenPGP: it ends in its first line');
  const tag = tagOf(head[0] ?? 0);
  if (tag === null || !ENCRYPTED_TAGS.has(tag)) return COMPLETE;
  return packetCompleteness(handle, size, signal);
}

async function armorCompleteness(handle: ReadsAt, size: number): Promise<Completeness> {
  const start = Math.max(0, size - TAIL_BYTES);
  const tail = (await readAt(handle, start, size - start)).toString('latin1');
  return tail.includes(ARMOR_END) ? COMPLETE : incomplete('OpenPGP: its last line is missing');
}

async function packetCompleteness(handle: ReadsAt, size: number, signal: AbortSignal): Promise<Completeness> {
  const { tags, end, position } = await walkPackets(handle, size, signal);
  if (end === 'cut') return incomplete('OpenPGP: it ends inside of a packet');
  if (end === 'whole' && !tags.some((tag) => DATA_TAGS.has(tag)))
    return incomplete('OpenPGP: it ends before the encrypted data');
  const from = end === 'junk' ? position : Math.max(0, size - ZEROS_BYTES);
  const tail = await readAt(handle, from, Math.min(TAIL_BYTES, size - from));
  return isZeros(tail) ? incomplete('OpenPGP: zeros at the end, still being filled') : COMPLETE;
}

async function readAt(handle: ReadsAt, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function isZeros(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}
