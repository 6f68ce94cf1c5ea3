import type { Block } from '../../formats/delimited/block-reader.ts';
import type { Field } from '../../formats/delimited/dialect.ts';
import { RecordParser } from '../../formats/delimited/parse-record.ts';
import { QuickLook } from '../../formats/delimited/quick-look.ts';
import { type RecordSpan, recordsOf } from '../../formats/delimited/records.ts';
import { originalBytes } from '../../formats/delimited/utf16-source.ts';
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

/** Reads the records of a block strictly, and looks at every value that its column might refuse. */
export function takeApart(job: CopyJob, block: Block, wantFields: boolean): TakenApart {
  const parser = new RecordParser(job.dialect);
  const quick =
    !wantFields && QuickLook.suits(job.dialect) ? new QuickLook(block, job.dialect, checksOf(job)) : null;
  const records: ReadRecord[] = [];
  const rejects: Reject[] = [];
  for (const span of recordsOf(block, job.rules)) {
    if (quick?.isFine(span)) {
      records.push({ span, fields: null, doubtful: false });
      continue;
    }
    const parsed = parser.parse(block.bytes.subarray(span.start, span.contentEnd));
    if (parsed.fault !== null) {
      const { code, message, field } = parsed.fault;
      const column = field === null ? null : (job.plan.columns[field]?.name ?? null);
      rejects.push(rejectOf(job, block, span, { code, message, column, sqlstate: null }));
    } else if (parsed.fields.length !== job.plan.columns.length) {
      rejects.push(rejectOf(job, block, span, wrongCount(job, parsed.fields.length)));
    } else records.push({ span, fields: parsed.fields, doubtful: isDoubtful(job, parsed.fields) });
  }
  return { records, rejects };
}

export type Fault = Pick<Reject, 'code' | 'message' | 'column' | 'sqlstate'>;

export function rejectOf(job: CopyJob, block: Block, span: RecordSpan, fault: Fault): Reject {
  // A copy: the block's memory is given back when the block is done.
  const raw = Buffer.from(originalBytes(job.plan.dialect, block.bytes.subarray(span.start, span.end)));
  return { record: span.record, line: span.line, raw, ...fault };
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
