import type { PoolClient } from 'pg';
import { isRecordError } from '../../db/sqlstate.ts';
import { copyBytes } from '../copy/copy-bytes.ts';
import { copyRaw } from '../copy/copy-statement.ts';
import type { LoadPlan } from '../plan/run-plan.ts';

/** Records of one file that were looked at: each has all its fields, and nothing about them needs care. */
export interface SoundRecords {
  /** The same for files whose records mean the same columns, in the same dialect. */
  readonly layout: object;
  readonly bytes: Buffer;
  /** Offset of the first record, and after each of them, its line end included. */
  readonly start: number;
  readonly ends: readonly number[];
}

/** A file whose records go to COPY with those of others. */
export interface CopiedTogether {
  readonly runId: number;
  readonly plan: LoadPlan;
  readonly records: SoundRecords;
}

/** `_run_id` and `_row`, with a delimiter each: two numbers of 64 bits at most. */
const LONGEST_PREFIX = 42;

/**
 * Copies files of one layout in one COPY: each record gets its run and its number in front of it. False, and
 * nothing copied, when Postgres refuses a record or counts other rows than there are records.
 */
export async function copyTogether(client: PoolClient, files: readonly CopiedTogether[]): Promise<boolean> {
  const [first] = files;
  if (first === undefined) return true;
  const { plan } = first;
  const own = ['_run_id', '_row'];
  const columns = [...own, ...plan.columns.map((column) => column.name)];
  const statement = copyRaw(plan.version, columns, plan.dialect, own);
  const expected = files.reduce((sum, { records }) => sum + records.ends.length, 0);
  try {
    const rows = await copyBytes(client, `SAVEPOINT together; ${statement}`, numbered(files));
    if (rows === expected) return true;
  } catch (error) {
    if (!isRecordError(error)) throw error;
  }
  await client.query('ROLLBACK TO together');
  return false;
}

/** The records of all files, each behind its run and its number. */
function numbered(files: readonly CopiedTogether[]): Buffer {
  const room = files.reduce((sum, { records: { bytes, ends } }) => {
    return sum + bytes.length + ends.length * LONGEST_PREFIX + 1;
  }, 0);
  const target = Buffer.allocUnsafe(room);
  let at = 0;
  for (const { runId, plan, records } of files) {
    const { delimiter } = plan.dialect;
    const { bytes, ends } = records;
    let start = records.start;
    for (const [index, end] of ends.entries()) {
      at += target.write(`${runId}${delimiter}${index + 1}${delimiter}`, at, 'latin1');
      at += bytes.copy(target, at, start, end);
      start = end;
    }
    // The last record of a file may have no line end.
    if (bytes[start - 1] !== LF) at += target.write(plan.dialect.newline, at, 'latin1');
  }
  return target.subarray(0, at);
}

const LF = 0x0a;
