import type { Block } from './block-reader.ts';
import { type ScanRules, scanRecords } from './scan.ts';

/** Where one record of a block stands. */
export interface RecordSpan {
  /** The record without its line end. */
  readonly bytes: Buffer;
  /** The record with its line end, byte for byte. */
  readonly raw: Buffer;
  /** Record number in the file, from 1. */
  readonly record: number;
  /** Physical line in the file at which it starts, from 1. */
  readonly line: number;
}

const LF = 0x0a;
const CR = 0x0d;

/** Takes a block apart into its records; blank lines are passed over, as they were when it was cut. */
export function* recordsOf(block: Block, rules: ScanRules): Generator<RecordSpan> {
  const { bytes } = block;
  let record = block.firstRecord;
  let line = block.firstLine;
  let start = 0;
  while (start < bytes.length) {
    const blank = blankLineAt(bytes, start, rules);
    if (blank > 0) {
      start += blank;
      line++;
      continue;
    }
    const scan = scanRecords(bytes, start, bytes.length, rules, { eof: true, maxRecords: 1 });
    const raw = bytes.subarray(start, scan.end);
    yield { bytes: raw.subarray(0, contentLength(raw, rules)), raw, record, line };
    record++;
    line += scan.lines;
    start = scan.end;
  }
}

/** Length of an empty line that is no record, 0 when there is none. */
function blankLineAt(bytes: Buffer, at: number, rules: ScanRules): number {
  if (rules.singleColumn) return 0;
  if (bytes[at] === rules.lineEnd) return 1;
  return rules.lineEnd === LF && bytes[at] === CR && bytes[at + 1] === LF ? 2 : 0;
}

function contentLength(raw: Buffer, rules: ScanRules): number {
  const last = raw.length - 1;
  if (raw[last] !== rules.lineEnd) return raw.length;
  return rules.lineEnd === LF && raw[last - 1] === CR ? last - 1 : last;
}
