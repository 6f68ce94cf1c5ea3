import type { PoolClient } from 'pg';
import { qualified } from '../../db/identifiers.ts';
import type { TableName } from '../plan/run-plan.ts';

/**
 * Gives a table that is full the indexes of its version table: after the rows, so that it is quick and all blocks are in BRIN
 * indexes. Unique ones do not reach across tables, and are left. `ofOneRun`: an index that tells runs apart is of no use.
 */
export async function copyIndexes(
  client: PoolClient,
  version: TableName,
  target: TableName,
  ofOneRun: boolean,
): Promise<void> {
  const { rows } = await client.query<{ definition: string }>(
    `select substr(pg_get_indexdef(i.indexrelid), length(format('CREATE INDEX %I ON %s', c.relname, i.indrelid::regclass)) + 1)
              as definition
       from pg_index i
       join pg_class c on c.oid = i.indexrelid
       join pg_am m on m.oid = c.relam
       join pg_attribute a on a.attrelid = i.indrelid and a.attname = '_run_id'
      where i.indrelid = to_regclass($1) and i.indisvalid and not i.indisunique and not i.indisexclusion
        and not ($2 and m.amname = 'brin' and i.indkey::text = a.attnum::text)
      order by c.oid`,
    [qualified(version.schema, version.name), ofOneRun],
  );
  const table = qualified(target.schema, target.name);
  for (const { definition } of rows) await client.query(`CREATE INDEX ON ${table} ${definition}`);
}
