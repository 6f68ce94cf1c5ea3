import type { Pool, PoolClient } from 'pg';
import type { TableName } from '../plan/run-plan.ts';

/** True when a table refuses more than its columns' types do: CHECK, NOT NULL on columns other than ours. */
export async function hasConstraints(client: PoolClient, table: TableName): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2
        and (exists (select from pg_constraint k where k.conrelid = c.oid and k.contype in ('c', 'u', 'p', 'x', 'f'))
             or exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and a.attnotnull
                           and not a.attisdropped and a.attname not in ('_run_id', '_row')))`,
    [table.schema, table.name],
  );
  return rowCount === 1;
}

/**
 * True when somebody has put rules on a table that hold only for rows which are in that very table: unique and exclusion
 * constraints, unique indexes, foreign keys, triggers. Such rows must not be left in segments.
 */
export async function hasKeys(client: Pool | PoolClient, table: TableName): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2
        and (exists (select from pg_index i where i.indrelid = c.oid and (i.indisunique or i.indisexclusion))
             or exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'f')
             or exists (select from pg_trigger t
                         where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled in ('O', 'A')))`,
    [table.schema, table.name],
  );
  return rowCount === 1;
}
