import type { PoolClient } from 'pg';
import { qualified } from '../../db/identifiers.ts';
import type { PublishedLoad } from '../../ledger/undo.ts';
import { segmentSchema } from '../tables/segments.ts';

/** What was taken out of one version table and its segments. */
export interface RemovedRows {
  /** `schema.table`, without quotes. */
  readonly table: string;
  readonly rows: number;
  readonly segments: number;
}

/**
 * Deletes the rows of runs from the version tables themselves, which takes no lock that a reader minds. Gives how many
 * went, by `versionKey`.
 */
export async function deleteRows(
  client: PoolClient,
  loads: readonly PublishedLoad[],
): Promise<Map<string, number>> {
  const deleted = new Map<string, number>();
  for (const [key, group] of byVersion(loads)) {
    const [{ schema, versionTable }] = group;
    const runs = [...new Set(group.map((load) => load.runId))];
    const result = await client.query(
      `DELETE FROM ONLY ${qualified(schema, versionTable)} WHERE _run_id = ANY($1::bigint[])`,
      [runs],
    );
    deleted.set(key, result.rowCount ?? 0);
  }
  return deleted;
}

/**
 * Drops the segments of load jobs, in one statement. It takes an ACCESS EXCLUSIVE lock on each of them and none on the
 * tables they inherit from; a reader of those who meets a dropped segment passes over it. To be the last that a
 * transaction does.
 */
export async function dropSegmentsOf(client: PoolClient, loads: readonly PublishedLoad[]): Promise<void> {
  const names = loads.flatMap(({ schema, segments }) =>
    segments.map((segment) => qualified(segmentSchema(schema), segment)),
  );
  if (names.length > 0) await client.query(`DROP TABLE IF EXISTS ${names.join(', ')}`);
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
      segments: large.reduce((sum, load) => sum + load.segments.length, 0),
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
