import type { Pool, PoolClient } from 'pg';
import { qualified, quoteIdentifier } from '../../db/identifiers.ts';
import { endWithProcess, inTransaction } from '../../db/transaction.ts';
import type { TableName } from '../plan/run-plan.ts';
import { copyIndexes } from '../tables/copy-indexes.ts';
import { segmentSchema } from '../tables/segments.ts';
import type { Batch } from './batches.ts';

/** The name says which version table it belongs to, and is never used again. */
export function mergedName(batch: Batch): TableName {
  return { schema: segmentSchema(batch.parent.schema), name: `m${batch.versionId}_${Date.now()}` };
}

/**
 * Makes a table like the version table, with its indexes, and copies the rows of the segments into it, in a transaction
 * of its own: until it is attached nobody reads it. Gives how many rows Postgres has copied. `onBackend` is told the
 * server process, so that a copy under way can be cancelled.
 */
export async function fillMerged(
  pool: Pool,
  batch: Batch,
  merged: TableName,
  onBackend: (pid: number) => void,
): Promise<number> {
  const table = qualified(merged.schema, merged.name);
  const rows = await inTransaction(pool, async (client) => {
    const { rows: session } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    onBackend(session[0]?.pid ?? 0);
    await endWithProcess(client);
    await client.query(
      `CREATE TABLE ${table} (LIKE ${qualified(batch.version.schema, batch.version.name)}
         INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION);
       ALTER TABLE ${table} ALTER _row DROP DEFAULT`,
    );
    const columns = await columnsOf(client, table);
    let copied = 0;
    for (const { schema, name } of batch.segments) {
      const { rowCount } = await client.query(
        `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ONLY ${qualified(schema, name)}`,
      );
      copied += rowCount ?? 0;
    }
    await copyIndexes(client, batch.version, merged, false);
    return copied;
  });
  await pool.query(`ANALYZE ${table}`);
  return rows;
}

async function columnsOf(client: PoolClient, table: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `select attname as name from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [table],
  );
  return rows.map(({ name }) => quoteIdentifier(name)).join(', ');
}
