/** Parts of the Zstandard format (RFC 8878). */

export const MAGIC = 0xfd2fb528;
/** Magic number, descriptor, window, dictionary and content size at most. */
export const MOST_HEADER_BYTES = 18;
export const BLOCK_HEADER_BYTES = 3;
export const MOST_BLOCK_BYTES = 128 * 1024;
export const CHECKSUM_BYTES = 4;
/** What `zstd -d` allows by itself; a larger window has to be held in memory whole. */
export const MOST_WINDOW_BYTES = 128 * 1024 * 1024;

export interface FrameHeader {
  /** Of the header, magic number included. */
  readonly length: number;
  readonly window: number;
  readonly hasChecksum: boolean;
  /** Bytes of the content, when the header tells. */
  readonly contentSize: number | null;
  readonly dictionary: number;
}

/** Bytes of the header that begins so; at least five are needed to tell. */
export function headerLength(bytes: Buffer): number {
  const { dictionaryBytes, sizeBytes, isSingle } = partsOf(bytes);
  return 5 + (isSingle ? 0 : 1) + dictionaryBytes + sizeBytes;
}

export function parseHeader(bytes: Buffer): FrameHeader {
  const { dictionaryBytes, sizeBytes, isSingle, descriptor } = partsOf(bytes);
  const at = isSingle ? 5 : 6;
  const dictionary = dictionaryBytes === 0 ? 0 : bytes.readUIntLE(at, dictionaryBytes);
  const contentSize = readSize(bytes, at + dictionaryBytes, sizeBytes);
  return {
    length: at + dictionaryBytes + sizeBytes,
    window: isSingle ? (contentSize ?? 0) : windowFrom(bytes[5] ?? 0),
    hasChecksum: (descriptor & 4) !== 0,
    contentSize,
    dictionary,
  };
}

function partsOf(bytes: Buffer) {
  const descriptor = bytes[4] ?? 0;
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  return {
    descriptor,
    isSingle,
    dictionaryBytes: [0, 1, 2, 4][descriptor & 3] ?? 0,
    sizeBytes: sizeFlag === 0 ? (isSingle ? 1 : 0) : 2 ** sizeFlag,
  };
}

function readSize(bytes: Buffer, at: number, length: number): number | null {
  if (length === 0) return null;
  if (length === 8) return Number(bytes.readBigUInt64LE(at));
  return bytes.readUIntLE(at, length) + (length === 2 ? 256 : 0);
}

function windowFrom(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}

export function isSkippable(magic: number): boolean {
  return magic >>> 4 === 0x184d2a5;
}

export interface BlockHeader {
  readonly isLast: boolean;
  /** 3 is reserved. */
  readonly type: number;
  /** Bytes that follow. */
  readonly stored: number;
  /** As the header has it: of a repeated byte, how often. */
  readonly size: number;
}

export function parseBlockHeader(bytes: Buffer): BlockHeader {
  const word = bytes.readUIntLE(0, BLOCK_HEADER_BYTES);
  const type = (word >> 1) & 3;
  const size = word >> 3;
  return { isLast: (word & 1) !== 0, type, size, stored: type === 1 ? 1 : size };
}
