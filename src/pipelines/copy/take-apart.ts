import type { Block } from '../../formats/delimited/block-reader.ts';
import type { Field } from '../../formats/delimited/dialect.ts';
import { type ParsedRecord, RecordParser } from '../../formats/delimited/parse-record.ts';
import { QuickLook } from '../../formats/delimited/quick-look.ts';
import type { RecordSpan } from '../../formats/delimited/records.ts';
import { originalBytes } from '../../formats/delimited/utf16-source.ts';
import { RefusedValue } from '../../formats/dump/transform-value.ts';
import type { Reject } from '../../ledger/rejects.ts';
import type { CopyJob } from './copy-job.ts';

/** A record that can be read. */
export interface ReadRecord {
  readonly span: RecordSpan;
  /** Null for a record that was only looked through: COPY reads it as it stands, and takes every value. */
  readonly fields: readonly Field[] | null;
  /** Some value may not fit its column; Postgres has to be asked. */
  readonly doubtful: boolean;
}

export interface TakenApart {
  readonly records: readonly ReadRecord[];
  /** Records that cannot be read as they stand. */
  readonly rejects: readonly Reject[];
}

/** Reads records of a block strictly, and looks at every value that its column might refuse. */
export function takeApart(
  job: CopyJob,
  block: Block,
  spans: readonly RecordSpan[],
  wantFields: boolean,
): TakenApart {
  const parser = new RecordParser(job.dialect, nulFields(job));
  const quick =
    !wantFields && QuickLook.suits(job.dialect) ? new QuickLook(block, job.dialect, checksOf(job)) : null;
  const records: ReadRecord[] = [];
  const rejects: Reject[] = [];
  for (const span of spans) {
    if (quick?.isFine(span)) {
      records.push({ span, fields: null, doubtful: false });
      continue;
    }
    const parsed = parser.parse(block.bytes.subarray(span.start, span.contentEnd));
    const fields = parsed.fields === null ? null : padded(job, parsed.fields);
    if (fields === null || fields.length !== job.plan.columns.length) {
      rejects.push(rejectOf(job, block, span, faultOf(job, parsed)));
      continue;
    }
    const changed = transformed(job, fields);
    if ('code' in changed) rejects.push(rejectOf(job, block, span, changed));
    else records.push({ span, fields: changed, doubtful: isDoubtful(job, changed) });
  }
  return { records, rejects };
}

/** Fields whose transform takes a NUL byte for what it is: a bit that is not set, or binary data. */
function nulFields(job: CopyJob): ReadonlySet<number> {
  const names = ['boolean', 'bits', 'bytes'];
  const fields = job.fields.filter(({ column }) => names.includes(column.transform?.name ?? ''));
  return new Set(fields.map(({ at }) => at));
}

/** The fields as Postgres is to read them, or the fault of the first value that cannot be. */
function transformed(job: CopyJob, fields: readonly Field[]): readonly Field[] | Fault {
  let changed: Field[] | null = null;
  for (const { at, column, transform } of job.fields) {
    const field = fields[at] as Field;
    if (transform === null || isNull(job, field)) continue;
    const value = transform(field.value);
    if (value instanceof RefusedValue)
      return { code: 'VALUE_REFUSED', message: value.reason, column: column.name, sqlstate: null };
    if (value === field.value) continue;
    changed ??= [...fields];
    changed[at] = value === null ? { value: job.dialect.nullMarker, quoted: false } : { value, quoted: true };
  }
  return changed ?? fields;
}

/** The fields that a short record lacks are NULL, where the dataset says so. */
export function padded(job: CopyJob, fields: readonly Field[]): readonly Field[] {
  const missing = job.plan.columns.length - fields.length;
  if (missing <= 0 || job.plan.ragged === 'reject') return fields;
  const none = { value: job.dialect.nullMarker, quoted: false };
  return [...fields, ...Array.from({ length: missing }, () => none)];
}

function faultOf(job: CopyJob, parsed: ParsedRecord): Fault {
  if (parsed.fault === null) return wrongCount(job, parsed.fields.length);
  const { code, message, field } = parsed.fault;
  const column = field === null ? null : (job.plan.columns[field]?.name ?? null);
  return { code, message, column, sqlstate: null };
}

export type Fault = Pick<Reject, 'code' | 'message' | 'column' | 'sqlstate'>;

export function rejectOf(job: CopyJob, block: Block, span: RecordSpan, fault: Fault): Reject {
  // A copy: the block's memory is given back when the block is done.
  const raw = Buffer.from(originalBytes(job.plan.dialect, block.bytes.subarray(span.start, span.end)));
  return { record: span.record, line: span.line, raw, ...fault };
}

/** A piece of a record that is too long; the ledger puts it together again. */
export function pieceOf(job: CopyJob, block: Block): Reject {
  return {
    ...{ record: block.records === 0 ? block.firstRecord - 1 : block.firstRecord, line: block.firstLine },
    ...{ code: 'RECORD_TOO_LONG', column: null, sqlstate: null },
    message: 'the record is longer than MAX_RECORD_BYTES',
    raw: Buffer.from(originalBytes(job.plan.dialect, block.bytes)),
    piece: block.piece ?? 0,
  };
}

/** True for an unquoted field that is the dialect's NULL. */
export function isNull(job: CopyJob, field: Field): boolean {
  return !field.quoted && field.value === job.dialect.nullMarker;
}

function checksOf(job: CopyJob) {
  const checks = Array.from(job.plan.columns, () => null as ((value: string) => boolean) | null);
  for (const { at, check, checked } of job.fields) if (checked) checks[at] = check;
  return checks;
}

function isDoubtful(job: CopyJob, fields: readonly Field[]): boolean {
  return job.fields.some(({ at, check, checked }) => {
    const field = fields[at] as Field;
    return checked && !isNull(job, field) && !check(field.value);
  });
}

function wrongCount(job: CopyJob, found: number): Fault {
  const expected = job.plan.columns.length;
  const tooFew = found < expected;
  return {
    code: tooFew ? 'TOO_FEW_FIELDS' : 'TOO_MANY_FIELDS',
    column: tooFew ? (job.plan.columns[found]?.name ?? null) : null,
    message: `${found} fields where ${expected} are expected`,
    sqlstate: null,
  };
}
