import { endianness } from 'node:os';
import type { Scan, ScanRules } from './scan.ts';

const LF = 0x0a;
const CR = 0x0d;
const LINE_ENDS = 0x0a0a0a0a;
const LOW_BITS = 0x7f7f7f7f;
/** Of each of the four bytes of a word, how often it was a line end; more words could overflow it. */
const WORDS_COUNTED_AT_ONCE = 100;
const TWO_IN_A_ROW = -1;
const FIRST_BYTE_IS_LOWEST = endianness() === 'LE';

/**
 * What `scanRecords` finds where every line is a record: no quote, escape, CR or anything else that could mean
 * something stands between the line ends. Only those are counted then, four bytes at a time. Null where that is not so.
 */
export function scanPlain(
  bytes: Buffer,
  start: number,
  stop: number,
  rules: ScanRules,
  eof: boolean,
): Scan | null {
  if (rules.lineEnd !== LF || rules.crlf || !FIRST_BYTE_IS_LOWEST) return null;
  const range = bytes.subarray(start, stop);
  if (range.includes(CR) || rules.telling.some((byte) => range.includes(byte))) return null;
  const lines = countLineEnds(range, rules.singleColumn);
  if (lines === TWO_IN_A_ROW) return null;
  const whole = range.lastIndexOf(LF) + 1;
  const last = eof && whole < range.length ? 1 : 0;
  const end = last === 1 ? stop : start + whole;
  return { end, records: lines + last, lines: lines + last, hazards: 0, open: -1 };
}

/** Line ends in `range`; unless blank lines are allowed, TWO_IN_A_ROW when there is one. */
function countLineEnds(range: Buffer, blankLines: boolean): number {
  const head = Math.min(range.length, -range.byteOffset & 3);
  const words =
    range.length < head + 4
      ? new Int32Array()
      : new Int32Array(range.buffer, range.byteOffset + head, (range.length - head) >> 2);
  const tail = head + words.length * 4;
  const inner = countInWords(words);
  const outer = countInBytes(range, 0, head) + countInBytes(range, tail, range.length);
  if (blankLines) return inner.count + outer;
  const isBlank = (at: number) => range[at] === LF && (at === 0 || range[at - 1] === LF);
  if (inner.adjacent || isBlank(head)) return TWO_IN_A_ROW;
  for (let at = 0; at < head; at++) if (isBlank(at)) return TWO_IN_A_ROW;
  for (let at = tail; at < range.length; at++) if (isBlank(at)) return TWO_IN_A_ROW;
  return inner.count + outer;
}

function countInBytes(range: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (range[at] === LF) count++;
  return count;
}

function countInWords(words: Int32Array): { count: number; adjacent: boolean } {
  let count = 0;
  let adjacent = 0;
  let before = 0;
  for (let at = 0; at < words.length; ) {
    const stop = Math.min(words.length, at + WORDS_COUNTED_AT_ONCE);
    let each = 0;
    for (; at < stop; at++) {
      const ends = zeroBytes((words[at] as number) ^ LINE_ENDS);
      each = (each + (ends >>> 7)) | 0;
      adjacent |= ends & ((ends << 8) | before);
      before = ends >>> 24;
    }
    count += (each & 0xff) + ((each >>> 8) & 0xff) + ((each >>> 16) & 0xff) + (each >>> 24);
  }
  return { count, adjacent: adjacent !== 0 };
}

/** The highest bit of each byte that is zero. Source: Warren, "Hacker's Delight", section 6-1. */
function zeroBytes(word: number): number {
  return ~(((word & LOW_BITS) + LOW_BITS) | word | LOW_BITS);
}
