import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { isValueError, sqlstateOf } from '../../db/sqlstate.ts';
import { messageOf, SluiceError } from '../../errors.ts';
import type { Block } from '../../formats/delimited/block-reader.ts';
import type { TableName } from '../plan/run-plan.ts';
import { findContradictions, TypeContradiction } from './contradiction.ts';
import { type CopyInput, type CopyJob, copyInput } from './copy-job.ts';

/**
 * Copies one block into `table` and gives Postgres's own count of the rows. Inside a transaction that the caller
 * holds; the table's `_row` sequence must have been set to the block's first record.
 */
export async function copyBlock(
  client: PoolClient,
  job: CopyJob,
  table: TableName,
  block: Block,
): Promise<number> {
  const input = copyInput(job, table, block);
  try {
    return await copyBytes(client, input.statement, input.bytes);
  } catch (error) {
    throw explain(error, job, block, input);
  }
}

function copyBytes(client: PoolClient, statement: string, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = client.query(copyFrom(statement));
    stream.once('error', reject);
    stream.once('finish', () => resolve(stream.rowCount));
    stream.end(bytes);
  });
}

/** A value that an inferred type does not hold is a contradiction, to be answered by widening; all else is an error. */
function explain(error: unknown, job: CopyJob, block: Block, input: CopyInput): unknown {
  const sqlstate = sqlstateOf(error);
  if (sqlstate === null || !isValueError(sqlstate)) return error;
  const { line, column } = placeOf(error);
  const wider = findContradictions(job, block);
  if (wider.size > 0) return new TypeContradiction(job.plan.jobNumber, wider);
  const facts = {
    file: job.plan.title,
    line: input.lineInFile(line),
    column,
    reason: messageOf(error),
    sqlstate,
  };
  return new SluiceError('ROW_NOT_LOADABLE', facts, error);
}

/** Postgres names the place in the error's context: `COPY t, line 3, column c: "x"`. */
function placeOf(error: unknown): { line: number; column: string | null } {
  const where = String((error as { where?: unknown }).where ?? '');
  const found = /^COPY .*?, line (\d+)(?:, column (.*?))?(?:: |$)/m.exec(where);
  return { line: Number(found?.[1] ?? 1), column: found?.[2] ?? null };
}
