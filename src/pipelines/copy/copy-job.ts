import { SluiceError } from '../../errors.ts';
import type { Block } from '../../formats/delimited/block-reader.ts';
import { type NormaliseOptions, normaliseBlock } from '../../formats/delimited/normalise.ts';
import { compileRules } from '../../formats/delimited/scan.ts';
import { asRead } from '../../formats/delimited/utf16-source.ts';
import type { LoadPlan, TableName } from '../plan/run-plan.ts';
import { copyCanRead, copyNormalised, copyRaw } from './copy-statement.ts';

/** How the blocks of one load job are given to COPY; compiled once per job. */
export interface CopyJob {
  readonly plan: LoadPlan;
  /** Columns of the table that the file fills, in file order. */
  readonly columns: readonly string[];
  readonly normalise: NormaliseOptions;
  /** No block of this job can be copied raw. */
  readonly alwaysNormalise: boolean;
}

export function copyJob(plan: LoadPlan): CopyJob {
  const kept = plan.columns.flatMap((column, at) => (column.discarded ? [] : [at]));
  const discards = kept.length < plan.columns.length;
  const dialect = asRead(plan.dialect);
  return {
    plan,
    columns: kept.map((at) => plan.columns[at]?.name ?? ''),
    normalise: {
      dialect,
      rules: compileRules(dialect, plan.columns.length),
      columnCount: plan.columns.length,
      keep: discards ? kept : null,
    },
    alwaysNormalise: discards || !copyCanRead(dialect),
  };
}

/** A block as it goes to COPY. */
export interface CopyInput {
  readonly statement: string;
  readonly bytes: Buffer;
  /** Physical line in the file of a line in `bytes`, both from 1. */
  lineInFile(line: number): number;
}

/** A block with hazards is read and written anew; any other is passed through as it is. */
export function copyInput(job: CopyJob, table: TableName, block: Block): CopyInput {
  if (!job.alwaysNormalise && block.hazards === 0) {
    return {
      statement: copyRaw(table, job.columns, job.normalise.dialect),
      bytes: block.bytes,
      lineInFile: (line) => block.firstLine + line - 1,
    };
  }
  const { bytes, records, faults } = normaliseBlock(block, job.normalise);
  const first = faults[0];
  if (first !== undefined) {
    const { plan } = job;
    const at = first.fault.field;
    throw new SluiceError('ROW_NOT_LOADABLE', {
      file: plan.title,
      line: first.span.line,
      column: at === null ? null : (plan.columns[at]?.name ?? at + 1),
      reason: first.fault.message,
    });
  }
  return {
    statement: copyNormalised(table, job.columns),
    bytes,
    lineInFile: (line) => records[recordAtLine(bytes, line)]?.line ?? block.firstLine,
  };
}

/** Index of the normalised record that line `line` of `bytes` belongs to; a quoted field may span lines. */
function recordAtLine(bytes: Buffer, line: number): number {
  let record = 0;
  let lines = 1;
  let quoted = false;
  for (let at = 0; at < bytes.length && lines < line; at++) {
    if (bytes[at] === 0x22) quoted = !quoted;
    else if (bytes[at] === 0x0a) {
      lines++;
      if (!quoted) record++;
    }
  }
  return record;
}
