import type { PoolClient } from 'pg';
import { qualified, quoteIdentifier } from '../../db/identifiers.ts';
import { sqlstateOf } from '../../db/sqlstate.ts';
import { SluiceError } from '../../errors.ts';
import { hasKeys } from '../tables/constraints.ts';
import type { PublishJob } from './publish-run.ts';
import { rejectViolations } from './violations.ts';

/**
 * Puts the rows of a large load into the version table itself, when that has keys: they hold within one table only. Gives how
 * many Postgres has taken; null when they may stay in their segments. Rows that violate a key are rejected. See ADR 24.
 */
export async function moveSegments(
  client: PoolClient,
  job: PublishJob,
  runId: number,
): Promise<number | null> {
  const { plan, loaded } = job;
  if (loaded.segments.length === 0 || !(await hasKeys(client, plan.version))) return null;
  const version = qualified(plan.version.schema, plan.version.name);
  const tables = loaded.segments.map(({ schema, name }) => qualified(schema, name));
  const columns = await sharedColumns(client, job, version, tables);
  const move = { client, job, runId, version, tables, columns };
  await client.query('SET CONSTRAINTS ALL IMMEDIATE; SAVEPOINT move');
  let rows = 0;
  try {
    for (const table of tables) rows += await insertAll(client, version, table, columns);
  } catch (error) {
    if (sqlstateOf(error)?.startsWith('23') !== true) throw error;
    await client.query('ROLLBACK TO SAVEPOINT move');
    rows = await rejectViolations(move, error);
  }
  await client.query(`DROP TABLE ${tables.join(', ')}`);
  return rows;
}

async function insertAll(
  client: PoolClient,
  version: string,
  table: string,
  columns: string,
): Promise<number> {
  const statement = `INSERT INTO ${version} (${columns}) SELECT ${columns} FROM ONLY ${table}`;
  return (await client.query(statement)).rowCount ?? 0;
}

/** The columns of the segments, as a list: what the version table has gained since is NULL, or what its default says. */
async function sharedColumns(
  client: PoolClient,
  { plan }: PublishJob,
  version: string,
  tables: readonly string[],
): Promise<string> {
  const { rows } = await client.query<{ name: string; fits: boolean }>(
    `select s.attname as name, v.attname is not null and s.atttypid = v.atttypid and s.atttypmod = v.atttypmod as fits
       from pg_attribute s
       left join pg_attribute v on v.attrelid = $1::regclass and v.attname = s.attname and not v.attisdropped
      where s.attrelid = $2::regclass and s.attnum > 0 and not s.attisdropped and s.attgenerated = ''
      order by s.attnum`,
    [version, tables[0]],
  );
  if (!rows.every(({ fits }) => fits))
    throw new SluiceError('PLAN_STALE', { dataset: plan.dataset, file: plan.title });
  return rows.map(({ name }) => quoteIdentifier(name)).join(', ');
}
