import type { PoolClient } from 'pg';
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
