import type { Block } from './block-reader.ts';
import { type ScanRules, scanRecords } from './scan.ts';

/** Where one record of a block stands. */
export interface RecordSpan {
  /** Offsets in the block's bytes, line end included. */
  readonly start: number;
  readonly end: number;
  /** Offset after the record's content: its line end is left out. */
  readonly contentEnd: number;
  /** Record number in the file, from 1. */
  readonly record: number;
  /** Physical line in the file at which it starts, from 1. */
  readonly line: number;
}

const LF = 0x0a;
const CR = 0x0d;

/** Takes a block apart into its records; blank lines are passed over, as they were when it was cut. */
export function recordsOf(block: Block, rules: ScanRules): RecordSpan[] {
  const { bytes } = block;
  const spans: RecordSpan[] = [];
  scanRecords(bytes, 0, bytes.length, rules, {
    eof: true,
    onRecord: (start, end, linesBefore, terminated) => {
      spans.push({
        start,
        end,
        contentEnd: terminated ? contentEndOf(bytes, end, rules) : end,
        record: block.firstRecord + spans.length,
        line: block.firstLine + linesBefore,
      });
    },
  });
  return spans;
}

/** Offset before the line end that `end` is behind. */
export function contentEndOf(bytes: Buffer, end: number, rules: ScanRules): number {
  return rules.lineEnd === LF && bytes[end - 2] === CR ? end - 2 : end - 1;
}

/** Records `from` to `to` (excluded) of a block, as a block of their own. */
export function subBlock(block: Block, spans: readonly RecordSpan[], from: number, to: number): Block {
  const first = spans[from];
  const last = spans[to - 1];
  if (first === undefined || last === undefined)
    return { ...block, bytes: block.bytes.subarray(0, 0), records: 0 };
  return {
    bytes: block.bytes.subarray(first.start, last.end),
    records: to - from,
    firstRecord: first.record,
    firstLine: first.line,
    hazards: block.hazards,
  };
}
