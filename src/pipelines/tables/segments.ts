import type { Pool, PoolClient } from 'pg';
import { qualified, quoteLiteral } from '../../db/identifiers.ts';
import { inTransaction } from '../../db/transaction.ts';
import { LEASE_SPACE } from '../../ledger/leases.ts';
import type { LoadPlan, TableName } from '../plan/run-plan.ts';
import { changeDdl, columnDefinition, OWN_COLUMNS, rowSequence, widenColumn } from './ddl.ts';
import { sameType } from './type-names.ts';

/** Milliseconds to wait for a transaction that still holds a segment. */
const DROP_TIMEOUT_MS = 10_000;

/** Name of the schema that holds segments. */
export function segmentSchema(stagingSchema: string): string {
  return `${stagingSchema}_segments`;
}

/** One lane's segment of one attempt of one load job. The name says whose it is; the ledger says what it holds. */
export function segmentName(plan: LoadPlan, runId: number, attempt: number, lane: number): TableName {
  const name = `r${runId}_a${attempt}_e${plan.jobNumber}_l${lane}`;
  return { schema: segmentSchema(plan.parent.schema), name };
}

/**
 * Makes a segment inside the lane's transaction, so that an unfinished lane leaves nothing, and a server with
 * `wal_level=minimal` need not log what is copied into it. It has every column and every
 * constraint of its version table.
 */
export async function createSegment(
  client: PoolClient,
  segment: TableName,
  plan: LoadPlan,
  runId: number,
): Promise<void> {
  const table = qualified(segment.schema, segment.name);
  const sequence = rowSequence(segment);
  const statements = [
    `CREATE SEQUENCE ${sequence} CACHE 1000`,
    ...segmentColumns(table, plan),
    `ALTER TABLE ${table} ALTER _run_id SET DEFAULT ${runId}, ALTER _row SET DEFAULT nextval(${quoteLiteral(sequence)})`,
  ];
  await client.query(statements.join('; '));
  if (plan.pending && plan.datasetId !== null) await catchUp(client, segment, plan);
}

/** What earlier load jobs of the same run are going to do to the dataset, a copy of its tables has not yet. */
async function catchUp(client: PoolClient, segment: TableName, plan: LoadPlan): Promise<void> {
  const table = qualified(segment.schema, segment.name);
  const { rows } = await client.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
    [table],
  );
  const there = new Map(rows.map(({ name, type }) => [name, type]));
  for (const { name, type } of plan.tableColumns) {
    const found = there.get(name);
    if (found === undefined)
      await client.query(`ALTER TABLE ${table} ADD COLUMN ${columnDefinition(name, type)}`);
    else if (!sameType(found, type)) await client.query(widenColumn(table, name, type));
  }
}

/** Copied from the table that will be its parent, or from what that one is going to be like. */
function segmentColumns(table: string, plan: LoadPlan): string[] {
  const base = plan.versionId !== null ? plan.version : plan.datasetId !== null ? plan.parent : null;
  if (base === null) {
    const columns = plan.tableColumns.map((column) => columnDefinition(column.name, column.type));
    return [`CREATE TABLE ${table} (${[...columns, ...OWN_COLUMNS].join(', ')})`];
  }
  const like = `CREATE TABLE ${table} (LIKE ${qualified(base.schema, base.name)} INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS)`;
  return plan.pending ? [like] : [like, ...changeDdl(table, plan.changes)];
}

/** A full segment is written to no more: its sequence goes. */
export async function closeSegment(client: PoolClient, segment: TableName): Promise<void> {
  const table = qualified(segment.schema, segment.name);
  await client.query(`ALTER TABLE ${table} ALTER _row DROP DEFAULT; DROP SEQUENCE ${rowSequence(segment)}`);
}

/** Sets the record number that the next row of `table` gets. */
export function setNextRow(table: TableName, record: number): string {
  return `SELECT setval(${quoteLiteral(rowSequence(table))}, ${record}, false)`;
}

/**
 * Drops segments that are not attached; one that is stays, whatever the caller believes. When a COMMIT was sent and
 * its answer lost, the lock waits for its end, and only then is it known which of the two a segment is.
 */
export async function dropSegments(pool: Pool, segments: readonly TableName[]): Promise<void> {
  for (const segment of segments) {
    await inTransaction(pool, (client) => dropUnattached(client, segment), {
      lockTimeoutMs: DROP_TIMEOUT_MS,
    });
  }
}

/** Drops what earlier attempts of a run have left because the server did not let them: the next attempt starts clean. */
export async function dropUnpublished(pool: Pool, stagingSchema: string, runId: number): Promise<void> {
  const schema = segmentSchema(stagingSchema);
  const { rows } = await pool.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relkind = 'r' and starts_with(c.relname, 'r' || $2::bigint || '_a')
        and not exists (select from pg_inherits i where i.inhrelid = c.oid)`,
    [schema, runId],
  );
  await dropSegments(
    pool,
    rows.map(({ name }) => ({ schema, name })),
  );
}

async function dropUnattached(client: PoolClient, segment: TableName): Promise<void> {
  const table = qualified(segment.schema, segment.name);
  const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    table,
  ]);
  if (rows[0]?.there !== true) return;
  await client.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  const attached = await client.query('select from pg_inherits where inhrelid = to_regclass($1)', [table]);
  if (attached.rowCount === 0) await client.query(`DROP TABLE ${table}`);
}

/**
 * Drops what crashed loads left, or those whose server would not let them clear up: tables in the segment schema that inherit from nothing, and whose file nobody
 * works on. Gives how many.
 */
export async function sweepSegments(pool: Pool, stagingSchema: string): Promise<number> {
  const schema = segmentSchema(stagingSchema);
  const { rows } = await pool.query<{ name: string }>(FIND_ORPHANS, [schema]);
  await dropSegments(
    pool,
    rows.map((row) => ({ schema, name: row.name })),
  );
  return rows.length;
}

/** What compaction was making is held by an advisory lock of its version. */
const FIND_ORPHANS = `
  with orphan as materialized (
    select c.relname as name, (regexp_match(c.relname, '^r([0-9]+)_'))[1]::bigint as run_id,
           (regexp_match(c.relname, '^m([0-9]+)_'))[1] as version_id
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind = 'r' and c.relname ~ '^[rm][0-9]+_'
       and not exists (select from pg_inherits i where i.inhrelid = c.oid)
  )
  select o.name from orphan o left join sluice.run r using (run_id)
   where case when o.version_id is not null then pg_try_advisory_xact_lock(hashtextextended('sluice:compact:' || o.version_id, 0))
              else r.run_id is null or pg_try_advisory_xact_lock(${LEASE_SPACE}::bigint + r.file_id) end`;
