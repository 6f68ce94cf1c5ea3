import type { Block } from '../../formats/delimited/block-reader.ts';
import type { RecordSpan } from '../../formats/delimited/records.ts';
import { type ScanRules, scanRecords } from '../../formats/delimited/scan.ts';

/** Once a load has met a fault, it works on pieces of this size: less is done again when the next fault comes. */
const PIECE_BYTES = 512 * 1024;

/** Doubtful records that are taken apart at once: their fields take many times the memory of their bytes. */
const GROUP_BYTES = 128 * 1024;

/** A block as smaller ones of whole records. */
export function* piecesOf(block: Block, rules: ScanRules): Generator<Block> {
  const { bytes } = block;
  let start = 0;
  let firstRecord = block.firstRecord;
  let firstLine = block.firstLine;
  while (start < bytes.length) {
    const stop = Math.min(bytes.length, start + PIECE_BYTES);
    const scan = scanRecords(bytes, start, stop, rules, { eof: stop === bytes.length });
    const end = scan.records > 0 ? scan.end : bytes.length;
    const records = scan.records > 0 ? scan.records : block.firstRecord + block.records - firstRecord;
    const hazards = scan.records > 0 ? scan.hazards : block.hazards;
    yield { bytes: bytes.subarray(start, end), records, firstRecord, firstLine, hazards };
    start = end;
    firstRecord += records;
    firstLine += scan.lines;
  }
}

/** Index of the record that the physical line belongs to, -1 when none does. */
export function recordAt(spans: readonly RecordSpan[], line: number): number {
  let found = -1;
  for (let low = 0, high = spans.length - 1; low <= high; ) {
    const middle = (low + high) >> 1;
    if ((spans[middle] as RecordSpan).line <= line) {
      found = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  return found;
}

/** Some records of a block in groups, each as a block of its own that holds nothing else. */
export function* groupsOf(block: Block, spans: readonly RecordSpan[]): Generator<PickedRecords> {
  for (let from = 0; from < spans.length; ) {
    let to = from;
    let bytes = 0;
    for (; to < spans.length && (bytes < GROUP_BYTES || to === from); to++) bytes += lengthOf(spans[to]);
    yield pick(block, spans.slice(from, to), bytes);
    from = to;
  }
}

export interface PickedRecords {
  readonly block: Block;
  /** Where the records are in it; their numbers and lines are those in the file. */
  readonly spans: readonly RecordSpan[];
}

function pick(block: Block, spans: readonly RecordSpan[], length: number): PickedRecords {
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  const moved = spans.map((span): RecordSpan => {
    const start = at;
    at += block.bytes.copy(bytes, at, span.start, span.end);
    return { ...span, start, end: at, contentEnd: start + span.contentEnd - span.start };
  });
  const [first] = spans;
  const firstRecord = first?.record ?? block.firstRecord;
  const firstLine = first?.line ?? block.firstLine;
  return { block: { ...block, bytes, records: spans.length, firstRecord, firstLine }, spans: moved };
}

function lengthOf(span: RecordSpan | undefined): number {
  return span === undefined ? 0 : span.end - span.start;
}
