import type { Dialect } from '../../formats/delimited/dialect.ts';
import { QuickLook } from '../../formats/delimited/quick-look.ts';
import { compileRules, type ScanRules } from '../../formats/delimited/scan.ts';
import { asRead } from '../../formats/delimited/utf16-source.ts';
import { compileTransform, type TransformValue } from '../../formats/dump/transform-value.ts';
import { isQuiet } from '../../formats/dump/value-transform.ts';
import type { LoadPlan, PlannedColumn, TableName } from '../plan/run-plan.ts';
import { CanonicalCheck } from './canonical-check.ts';
import { copyCanRead, copyEncoded, copyNormalised, copyRaw } from './copy-statement.ts';
import { ANYTHING, declaredCheck, type QuickCheck, quickCheck } from './quick-checks.ts';

/** How the blocks of one load job are given to COPY; compiled once per job. */
export interface CopyJob {
  readonly plan: LoadPlan;
  readonly dialect: Dialect;
  readonly rules: ScanRules;
  /** The fields that are loaded, in file order. */
  readonly fields: readonly CopyField[];
  /** `_row` of each record, in order, when that is not its number in the file. */
  readonly rowNumbers: readonly number[] | null;
  /** Looks at values of inferred columns that the sample has not seen; null when there are none. */
  readonly canonical: CanonicalCheck | null;
  /** No block of this job can be copied raw. */
  readonly alwaysNormalise: boolean;
}

export interface CopyField {
  /** Place in the record, from 0. */
  readonly at: number;
  readonly column: PlannedColumn;
  readonly check: QuickCheck;
  /** Some text may not fit. */
  readonly checked: boolean;
  /** Null: values stay as they are. */
  readonly transform: TransformValue | null;
}

export function copyJob(plan: LoadPlan): CopyJob {
  const dialect = asRead(plan.dialect);
  const guesses =
    !plan.sawEverything && plan.columns.some((column) => ![null, 'text'].includes(guessed(column).type));
  const fields = plan.columns.flatMap((column, at) => {
    if (column.discarded) return [];
    const check = column.origin === 'declared' ? declaredCheck(column.type) : quickCheck(column.type);
    const transform = column.transform ? compileTransform(column.transform, dialect.encoding) : null;
    return [{ at, column, check, checked: check !== ANYTHING, transform }];
  });
  return {
    plan,
    dialect,
    rules: compileRules(dialect, plan.columns.length),
    fields,
    canonical: plan.sawEverything ? null : CanonicalCheck.for(dialect, plan.columns.map(guessed)),
    rowNumbers: plan.correction?.records ?? null,
    // Bytes that cannot be looked at as they pass are read field by field; so are values that Postgres would take wrongly.
    alwaysNormalise:
      fields.length < plan.columns.length ||
      !copyCanRead(dialect) ||
      (guesses && !QuickLook.suits(dialect)) ||
      fields.some(({ column }) => column.transform !== undefined && isQuiet(column.transform)),
  };
}

function guessed(column: PlannedColumn): { type: string | null } {
  return { type: column.origin === 'inferred' && !column.discarded ? column.type : null };
}

/** COPY of a block's own bytes. */
export function rawStatement(job: CopyJob, table: TableName): string {
  return copyRaw(table, columnNames(job), job.dialect);
}

/** COPY of chosen records, each with its number in front of it. */
export function numberedStatement(job: CopyJob, table: TableName, normalised: boolean): string {
  const columns = ['_row', ...columnNames(job)];
  return normalised ? copyNormalised(table, columns) : copyRaw(table, columns, job.dialect, ['_row']);
}

/** COPY of encoded records, each with its number in front of it. */
export function encodedStatement(job: CopyJob, table: TableName): string {
  return copyEncoded(table, ['_row', ...columnNames(job)]);
}

function columnNames(job: CopyJob): string[] {
  return job.fields.map((field) => field.column.name);
}

/** What becomes a record's `_row`. */
export function rowNumber(job: CopyJob, record: number): number {
  return job.rowNumbers === null ? record : (job.rowNumbers[record - 1] ?? record);
}
