import type { Output } from './output.ts';

const MINUS = 0x2d;
const UUID_LENGTH = 36;
const NO_DIGIT = 0xff;

const HEX = new Uint8Array(256).fill(NO_DIGIT);
for (let value = 0; value < 16; value++) {
  HEX[value.toString(16).charCodeAt(0)] = value;
  HEX[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}

/** Bytes that an encoded boolean or uuid takes at most, its length included. */
export const WORD_ROOM = 20;

/** `true`, `false`, `t` or `f`, in any case. */
export function writeBoolean(input: Buffer, from: number, out: Output): number {
  const first = (input[from] as number) | 0x20;
  if (first !== 0x74 && first !== 0x66) return -1;
  const end = isLetter(input[from + 1]) ? wordEnd(input, from) : from + 1;
  if (end < 0) return -1;
  out.view.setInt32(out.at, 1);
  out.bytes[out.at + 4] = first === 0x74 ? 1 : 0;
  out.at += 5;
  return end;
}

function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
}

function wordEnd(input: Buffer, from: number): number {
  if (holds(input, from, 0x74, 0x72, 0x75, 0x65)) return from + 4;
  return holds(input, from, 0x66, 0x61, 0x6c, 0x73) && ((input[from + 4] as number) | 0x20) === 0x65
    ? from + 5
    : -1;
}

function holds(input: Buffer, from: number, a: number, b: number, c: number, d: number): boolean {
  return (
    ((input[from] as number) | 0x20) === a &&
    ((input[from + 1] as number) | 0x20) === b &&
    ((input[from + 2] as number) | 0x20) === c &&
    ((input[from + 3] as number) | 0x20) === d
  );
}

/** Hexadecimal digits in groups of 8, 4, 4, 4 and 12. */
export function writeUuid(input: Buffer, from: number, out: Output): number {
  if (from + UUID_LENGTH > input.length) return -1;
  const { bytes } = out;
  let to = out.at + 4;
  let at = from;
  for (let byte = 0; byte < 16; byte++) {
    if (byte === 4 || byte === 6 || byte === 8 || byte === 10) if (input[at++] !== MINUS) return -1;
    const high = HEX[input[at] as number] as number;
    const low = HEX[input[at + 1] as number] as number;
    if ((high | low) > 15) return -1;
    bytes[to++] = (high << 4) | low;
    at += 2;
  }
  out.view.setInt32(out.at, 16);
  out.at = to;
  return at;
}
