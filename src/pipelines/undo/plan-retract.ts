import type { Pool } from 'pg';
import type { RunState } from '../../ledger/find-run.ts';
import { type PublishedLoad, publishedLoads, withWholeTables } from '../../ledger/undo.ts';
import { type Dependent, findDependents } from './dependents.ts';
import { refuseUnpublished } from './refuse-run.ts';
import { byVersion, type RemovedRows, removedRows } from './remove-rows.ts';

/** What retracting a run would do. */
export interface RetractPlan {
  readonly run: RunState;
  readonly tables: readonly RemovedRows[];
  /** Names of the datasets that the rows are in. */
  readonly datasets: readonly string[];
  /** Corrected reject files whose rows go as well. */
  readonly corrections: readonly string[];
  readonly dependents: readonly Dependent[];
}

/** Looks, and changes nothing. Rows are those that the ledger has counted. */
export async function planRetract(pool: Pool, run: RunState): Promise<RetractPlan> {
  refuseUnpublished(run);
  const loads = await withWholeTables(pool, await publishedLoads(pool, run.runId));
  return {
    run,
    tables: removedRows(loads, rowsInVersions(loads)),
    datasets: [...new Set(loads.map((load) => load.dataset))].sort(),
    corrections: loads.filter((load) => load.isCorrection).map((load) => load.fileName),
    dependents: await findDependents(pool, loads),
  };
}

function rowsInVersions(loads: readonly PublishedLoad[]): Map<string, number> {
  const counts = [...byVersion(loads)].map(([key, group]) => {
    const small = group.filter((load) => load.segments.length === 0);
    return [key, small.reduce((sum, load) => sum + load.rowsLoaded, 0)] as const;
  });
  return new Map(counts);
}
