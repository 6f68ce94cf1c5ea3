import type { Encoding } from './dialect.ts';

/** What windows-1252 puts at 0x80–0x9F; the five undefined bytes stay C1 controls. Source: WHATWG encoding index. */
const C1_BYTES = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/**
 * The text of `bytes`. Never throws: bytes that are no character of the encoding become U+FFFD.
 *
 * A byte-order mark is kept as U+FEFF; the caller skips `dialect.bomBytes` first.
 * Our own windows-1252 table, because some Node releases decode 0x80–0x9F of that encoding as Latin-1.
 */
export function decodeText(bytes: Buffer, encoding: Encoding): string {
  switch (encoding) {
    case 'utf-8':
      return bytes.toString('utf8');
    case 'utf-16le':
      return bytes.toString('utf16le');
    case 'utf-16be':
      return Buffer.from(wholeCharacters(bytes, encoding)).swap16().toString('utf16le');
    case 'latin1':
      return bytes.toString('latin1');
    case 'windows-1252':
      return decodeWindows1252(bytes);
  }
}

/** The bytes of a delimiter as a file of this encoding has it; UTF-16 has become UTF-8 by the time it is looked for. */
export function encodeMark(mark: string, encoding: Encoding): Buffer {
  if (encoding !== 'latin1' && encoding !== 'windows-1252') return Buffer.from(mark, 'utf8');
  const c1 = encoding === 'latin1' ? '' : C1_BYTES;
  return Buffer.from(
    Array.from(mark, (char) => (c1.includes(char) ? 0x80 + c1.indexOf(char) : char.charCodeAt(0))),
  );
}

/** `bytes` without a character that was cut at the end, so that a sample decodes without a false U+FFFD. */
export function wholeCharacters(bytes: Buffer, encoding: Encoding): Buffer {
  if (encoding === 'utf-8') return bytes.subarray(0, bytes.length - cutUtf8Bytes(bytes));
  if (encoding === 'utf-16le' || encoding === 'utf-16be') return bytes.subarray(0, bytes.length & ~1);
  return bytes;
}

/** Bytes of an unfinished UTF-8 sequence at the end: 0 to 3. */
export function cutUtf8Bytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < sequenceLength(byte) ? back : 0;
  }
  return 0;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}

function decodeWindows1252(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return text.replace(/[\u0080-\u009f]/g, (byte) => C1_BYTES[byte.charCodeAt(0) - 0x80] ?? byte);
}
