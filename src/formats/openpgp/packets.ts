import type { ReadsAt } from '../completeness.ts';

/** Packet tags of RFC 9580 section 5 that say what a message is. */
export const TAG = {
  sessionKeyForKey: 1,
  signature: 2,
  sessionKeyForPassphrase: 3,
  onePassSignature: 4,
  secretKey: 5,
  publicKey: 6,
  compressed: 8,
  encryptedUnprotected: 9,
  marker: 10,
  literal: 11,
  encrypted: 18,
  encryptedAead: 20,
} as const;

/** Tags that hold the encrypted data itself. */
export const DATA_TAGS: ReadonlySet<number> = new Set([
  TAG.encryptedUnprotected,
  TAG.encrypted,
  TAG.encryptedAead,
]);
/** Tags that a binary encrypted message can begin with. */
export const ENCRYPTED_TAGS: ReadonlySet<number> = new Set([
  ...DATA_TAGS,
  TAG.sessionKeyForKey,
  TAG.sessionKeyForPassphrase,
  TAG.marker,
]);

const LONGEST_HEADER_BYTES = 6;

/** The packets of a binary message, as far as their headers tell. */
export interface PacketWalk {
  readonly tags: readonly number[];
  /** `whole`: the last packet ends where the file does; `cut`: it would end later; `junk`: something else begins at `position`. */
  readonly end: 'whole' | 'cut' | 'junk';
  readonly position: number;
}

/** The tag of a packet whose header begins with this byte; null when none does. */
export function tagOf(first: number): number | null {
  if ((first & 0x80) === 0) return null;
  return (first & 0x40) === 0 ? (first >> 2) & 0x0f : first & 0x3f;
}

/**
 * Goes from header to header, without reading what is between them (RFC 9580 section 4.2).
 *
 * @param size bytes to look at, from the start
 * @throws AbortError when `signal` fires; file system errors as they are
 */
export async function walkPackets(handle: ReadsAt, size: number, signal: AbortSignal): Promise<PacketWalk> {
  const tags: number[] = [];
  let position = 0;
  while (position < size) {
    signal.throwIfAborted();
    const header = await readAt(handle, position, Math.min(LONGEST_HEADER_BYTES, size - position));
    const tag = tagOf(header[0] ?? 0);
    if (tag === null) return { tags, end: 'junk', position };
    tags.push(tag);
    const end = isNewFormat(header)
      ? await endOfNew(handle, position + 1, size, signal)
      : endOfOld(header, position, size);
    if (end === null || end > size) return { tags, end: 'cut', position };
    position = end;
  }
  return { tags, end: 'whole', position };
}

function isNewFormat(header: Buffer): boolean {
  return ((header[0] ?? 0) & 0x40) !== 0;
}

/** A length of no given size reaches to the end of the file: then nothing can be told. */
function endOfOld(header: Buffer, position: number, size: number): number | null {
  const kind = (header[0] ?? 0) & 3;
  if (kind === 3) return size;
  const bytes = 1 << kind;
  return header.length <= bytes ? null : position + 1 + bytes + header.readUIntBE(1, bytes);
}

/** A body may come in parts, each with its own length; the last one's length is not a partial one. */
async function endOfNew(
  handle: ReadsAt,
  start: number,
  size: number,
  signal: AbortSignal,
): Promise<number | null> {
  let position = start;
  for (;;) {
    signal.throwIfAborted();
    if (position >= size) return null;
    const octets = await readAt(handle, position, Math.min(5, size - position));
    const length = lengthOf(octets);
    if (length === null) return null;
    position += length.octets + length.bytes;
    if (!length.isPartial) return position;
  }
}

function lengthOf(octets: Buffer): { octets: number; bytes: number; isPartial: boolean } | null {
  const first = octets[0] ?? 0;
  if (first < 192) return { octets: 1, bytes: first, isPartial: false };
  if (first >= 224 && first < 255) return { octets: 1, bytes: 2 ** (first & 0x1f), isPartial: true };
  const count = first === 255 ? 5 : 2;
  if (octets.length < count) return null;
  const bytes = count === 5 ? octets.readUInt32BE(1) : (first - 192) * 256 + (octets[1] ?? 0) + 192;
  return { octets: count, bytes, isPartial: false };
}

async function readAt(handle: ReadsAt, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
