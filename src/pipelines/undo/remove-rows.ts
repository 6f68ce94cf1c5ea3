import type { PoolClient } from 'pg';
import { qualified } from '../../db/identifiers.ts';
import type { PublishedLoad } from '../../ledger/undo.ts';
import type { TableName } from '../plan/run-plan.ts';
import { segmentSchema } from '../tables/segments.ts';

/** What was taken out of one version table and its segments. */
export interface RemovedRows {
  /** `schema.table`, without quotes. */
  readonly table: string;
  readonly rows: number;
  readonly segments: number;
}

/**
 * Deletes the rows of runs from the version tables themselves and from merged tables, which takes no lock that a reader
 * minds. Gives how many went, by version table.
 */
export async function deleteRows(
  client: PoolClient,
  loads: readonly PublishedLoad[],
): Promise<Map<string, number>> {
  const deleted = new Map<string, number>();
  for (const [key, group] of byVersion(loads)) {
    const [{ schema, versionTable }] = group;
    const runs = [...new Set(group.map((load) => load.runId))];
    const merged = [...new Set(group.flatMap((load) => load.merged))];
    const tables = [
      qualified(schema, versionTable),
      ...merged.map((name) => qualified(segmentSchema(schema), name)),
    ];
    let rows = 0;
    for (const table of tables) {
      const result = await client.query(`DELETE FROM ONLY ${table} WHERE _run_id = ANY($1::bigint[])`, [
        runs,
      ]);
      rows += result.rowCount ?? 0;
    }
    deleted.set(key, rows);
  }
  return deleted;
}

/**
 * Drops the segments of load jobs, in one statement. It takes an ACCESS EXCLUSIVE lock on each of them and none on the
 * tables they inherit from; a reader of those who meets a dropped segment passes over it. To be the last that a
 * transaction does.
 */
export async function dropSegmentsOf(client: PoolClient, loads: readonly PublishedLoad[]): Promise<void> {
  const names = segmentsOf(loads).map(({ schema, name }) => qualified(schema, name));
  if (names.length > 0) await client.query(`DROP TABLE IF EXISTS ${names.join(', ')}`);
}

/**
 * Takes the segments of load jobs away from their version tables, and leaves it to the caller to drop them after the
 * commit: freeing the disk is what takes long. Gives them. To be the last that a transaction does.
 *
 * A reader who has listed the children of a table, and waited for one of them, would read that one although it is no
 * child any more. So readers of the parent and the version tables are kept out until the commit.
 */
export async function detachSegmentsOf(
  client: PoolClient,
  loads: readonly PublishedLoad[],
): Promise<TableName[]> {
  const segments = segmentsOf(loads);
  if (segments.length === 0) return [];
  const parents = loads.flatMap(({ schema, parentTable, versionTable }) =>
    [parentTable, versionTable].map((name) => `ONLY ${qualified(schema, name)}`),
  );
  await client.query(`LOCK TABLE ${[...new Set(parents)].join(', ')} IN ACCESS EXCLUSIVE MODE`);
  // What depends on a segment is to stop this now, and not the drop when it is too late.
  await client.query('SAVEPOINT drop_probe');
  await dropSegmentsOf(client, loads);
  await client.query('ROLLBACK TO SAVEPOINT drop_probe');
  for (const { schema, name, versionTable } of segments) {
    await client.query(`ALTER TABLE IF EXISTS ${qualified(schema, name)} NO INHERIT ${versionTable}`);
  }
  return segments;
}

/** Each once, with the quoted name of the version table that it is a child of. */
function segmentsOf(loads: readonly PublishedLoad[]): (TableName & { readonly versionTable: string })[] {
  const segments = loads.flatMap(({ schema, versionTable, segments: names }) =>
    names.map((name) => ({
      ...{ schema: segmentSchema(schema), name },
      versionTable: qualified(schema, versionTable),
    })),
  );
  return [...new Map(segments.map((segment) => [JSON.stringify(segment), segment])).values()];
}

/** Rows by table: those deleted, and those that went with their segments, which the ledger has counted. */
export function removedRows(
  loads: readonly PublishedLoad[],
  deleted: ReadonlyMap<string, number>,
): RemovedRows[] {
  return [...byVersion(loads)].map(([key, group]) => {
    const [{ schema, versionTable }] = group;
    const large = group.filter((load) => load.segments.length > 0);
    const inSegments = large.reduce((sum, load) => sum + load.rowsLoaded, 0);
    return {
      table: `${schema}.${versionTable}`,
      rows: inSegments + (deleted.get(key) ?? 0),
      segments: new Set(large.flatMap((load) => load.segments)).size,
    };
  });
}

/** Load jobs by the version table that shows their rows. */
export function byVersion(loads: readonly PublishedLoad[]): Map<string, [PublishedLoad, ...PublishedLoad[]]> {
  const groups = new Map<string, [PublishedLoad, ...PublishedLoad[]]>();
  for (const load of loads) {
    const key = JSON.stringify([load.schema, load.versionTable]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [load]);
    else group.push(load);
  }
  return groups;
}
