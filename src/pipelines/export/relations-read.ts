import type { Pool, PoolClient, QueryConfig } from 'pg';
import { inTransaction } from '../../db/transaction.ts';

/**
 * Tables and views that a SELECT reads, as `schema.name`, with those that its views read; null when Postgres does not let us find
 * out. What functions read is not among them. It is what Postgres notes of a view of that SELECT, which is made and dropped
 * at once: a plan would leave out what it can do without.
 */
export async function relationsRead(
  pool: Pool,
  query: string,
  signal: AbortSignal,
): Promise<readonly string[] | null> {
  try {
    return await inTransaction(pool, (client) => readOfView(client, query), {
      signal,
      lockTimeoutMs: LOCK_TIMEOUT_MS,
    });
  } catch {
    signal.throwIfAborted();
    // Not allowed to make temporary views, somebody holds a table, or what is wrong with the query: that comes to light when it is run.
    return null;
  }
}

async function readOfView(client: PoolClient, query: string): Promise<readonly string[]> {
  // Its columns may have the same name twice, which those of a view must not. The extended protocol takes one statement only.
  const made: QueryConfig & { queryMode: 'extended' } = {
    queryMode: 'extended',
    text: `create temp view sluice_export_reads as select from (\n${query}\n) as exported`,
  };
  await client.query(made);
  const { rows } = await client.query<{ name: string }>(READ_BELOW);
  await client.query('drop view pg_temp.sluice_export_reads');
  return rows.map(({ name }) => name);
}

/** It is a note beside the export, which waits for locks by itself. */
const LOCK_TIMEOUT_MS = 1_000;

const READ_BELOW = `
  with recursive below as (
    select 'pg_temp.sluice_export_reads'::regclass::oid as oid
    union
    select d.refobjid
      from below join pg_rewrite r on r.ev_class = below.oid
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
     where d.refclassid = 'pg_class'::regclass)
  select nspname || '.' || relname as name
    from below join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace
   where c.oid <> 'pg_temp.sluice_export_reads'::regclass and c.relkind <> 'S'
     and nspname not in ('pg_catalog', 'information_schema')
   order by 1`;
