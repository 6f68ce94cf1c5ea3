import type { Block } from './block-reader.ts';
import type { Dialect, Field } from './dialect.ts';
import { type RecordFault, RecordParser } from './parse-record.ts';
import { type RecordSpan, recordsOf } from './records.ts';
import type { ScanRules } from './scan.ts';

/** A block rewritten in the one dialect that COPY reads exactly: comma, double quotes, NULL as nothing. */
export interface NormalisedBlock {
  readonly bytes: Buffer;
  /** The records in `bytes`, in order. */
  readonly records: readonly RecordSpan[];
  /** Records that cannot be read as they stand. */
  readonly faults: readonly FaultyRecord[];
}

export interface FaultyRecord {
  readonly span: RecordSpan;
  readonly fault: RecordFault;
}

export interface NormaliseOptions {
  readonly dialect: Dialect;
  readonly rules: ScanRules;
  /** Fields every record must have. */
  readonly columnCount: number;
  /** Indexes of the fields to write; null writes all. */
  readonly keep: readonly number[] | null;
}

export function normaliseBlock(block: Block, options: NormaliseOptions): NormalisedBlock {
  const { dialect, rules, keep } = options;
  const parser = new RecordParser(dialect);
  const lines: string[] = [];
  const records: RecordSpan[] = [];
  const faults: FaultyRecord[] = [];
  for (const span of recordsOf(block, rules)) {
    const parsed = parser.parse(span.bytes);
    const fault = parsed.fault ?? wrongCount(parsed.fields.length, options.columnCount);
    if (parsed.fields === null || fault !== null) faults.push({ span, fault: fault as RecordFault });
    else {
      const fields = keep === null ? parsed.fields : keep.map((at) => parsed.fields[at] as Field);
      records.push(span);
      lines.push(writeRecord(fields, dialect.nullMarker));
    }
  }
  return { bytes: Buffer.from(lines.join(''), 'utf8'), records, faults };
}

function wrongCount(found: number, expected: number): RecordFault | null {
  if (found === expected) return null;
  return { code: 'FIELD_COUNT', message: `${found} fields where ${expected} are expected`, field: null };
}

function writeRecord(fields: readonly Field[], nullMarker: string): string {
  const cells = fields.map((field) => {
    if (!field.quoted && field.value === nullMarker) return '';
    return `"${field.value.includes('"') ? field.value.replaceAll('"', '""') : field.value}"`;
  });
  return `${cells.join(',')}\n`;
}
