import type { Dialect } from './dialect.ts';
import { RecordParser } from './parse-record.ts';
import { contentEndOf } from './records.ts';
import { type ScanRules, scanRecords } from './scan.ts';

/** What speaks for lines being records of their own. */
export interface Evidence {
  /** `record` is a record's bytes without its line end. */
  isSound(record: Buffer): boolean;
  /** With fewer sound records nothing is shown. */
  readonly enough: number;
}

/** One in so many of the records after an open quote may have a fault of its own. */
const SOUND_PER_FAULT = 10;

/**
 * Whether the lines after one whose quote stays open are records of their own, and the quote was one too many; else
 * they may be the text of the field. `rest` starts after that line. Nothing is shown in a table of one column.
 */
export function readsOn(
  rest: Buffer,
  rules: ScanRules,
  options: { readonly eof: boolean; readonly evidence: Evidence },
): boolean {
  if (rules.singleColumn) return false;
  let sound = 0;
  let faulty = 0;
  scanRecords(rest, 0, rest.length, rules, {
    eof: options.eof,
    onRecord: (start, end, _lines, terminated) => {
      const record = rest.subarray(start, terminated ? contentEndOf(rest, end, rules) : end);
      if (options.evidence.isSound(record)) sound++;
      else faulty++;
    },
  });
  return sound >= options.evidence.enough && faulty * SOUND_PER_FAULT <= sound;
}

/** Records with the right number of fields, whatever is in them. */
export function fieldCountEvidence(dialect: Dialect, columnCount: number): Evidence {
  const parser = new RecordParser(dialect);
  return { isSound: (record) => parser.parse(record).fields?.length === columnCount, enough: 1 };
}
