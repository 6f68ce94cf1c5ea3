import type { Pool, PoolClient } from 'pg';
import { toSluiceError } from '../../db/database-error.ts';
import { retryLocks } from '../../db/retry-locks.ts';
import { DEPENDENT_OBJECTS, FOREIGN_KEY_VIOLATION, sqlstateOf } from '../../db/sqlstate.ts';
import { inTransaction } from '../../db/transaction.ts';
import { SluiceError } from '../../errors.ts';
import { type RunState, readRun } from '../../ledger/find-run.ts';
import { publishedLoads, recordUndone, withWholeTables } from '../../ledger/undo.ts';
import { stepDone } from '../../steps.ts';
import type { TableName } from '../plan/run-plan.ts';
import { lockDatasets } from '../tables/lock-datasets.ts';
import { asBlocked } from './blocked.ts';
import { refuseUnpublished } from './refuse-run.ts';
import { deleteRows, detachSegmentsOf, type RemovedRows, removedRows } from './remove-rows.ts';

export interface Retracted {
  readonly run: RunState;
  readonly tables: readonly RemovedRows[];
  /** Names of the datasets that the rows were in. */
  readonly datasets: readonly string[];
  /** Files whose outcome has changed and is to be carried out: the run's own, and its corrections. */
  readonly fileIds: readonly number[];
  /** Tables that nobody reads any more; to be dropped. The next start drops what is left of them. */
  readonly detached: readonly TableName[];
}

/**
 * Takes the rows of a published run and of the corrections that joined it out of staging, in one transaction with the
 * ledger (I6). Its segments are taken away whole, so that the time does not grow with their rows; a reader who holds one
 * is waited for briefly and from outside the transaction.
 */
export async function retractRun(pool: Pool, runId: number, signal: AbortSignal): Promise<Retracted> {
  const retracted = await retryLocks(
    () => inTransaction(pool, (client) => retract(client, pool, runId), { signal }),
    (error) => translate(error, runId),
    signal,
  );
  stepDone('run retracted', retracted.run.path);
  return retracted;
}

async function retract(client: PoolClient, pool: Pool, runId: number): Promise<Retracted> {
  const known = await publishedLoads(pool, runId);
  await lockDatasets(
    client,
    known.map((load) => load.dataset),
  );
  const run = await readRun(client, runId, true);
  if (run === null) throw new SluiceError('RUN_UNKNOWN', { what: `number ${runId}` });
  refuseUnpublished(run);
  const loads = await withWholeTables(client, await publishedLoads(client, runId));
  const deleted = await deleteRows(client, loads);
  stepDone('rows removed', run.path);
  const loadIds = loads.map((load) => load.loadId);
  const fileIds = await recordUndone(client, loadIds, { status: 'retracted', by: null });
  stepDone('undo recorded', run.path);
  const detached = await detachSegmentsOf(client, loads);
  stepDone('segments detached', run.path);
  const datasets = [...new Set(loads.map((load) => load.dataset))].sort();
  return { run, tables: removedRows(loads, deleted), datasets, fileIds, detached };
}

function translate(error: unknown, run: number): unknown {
  const sqlstate = sqlstateOf(error);
  if (sqlstate === null) return error;
  const isBlocked = sqlstate === DEPENDENT_OBJECTS || sqlstate === FOREIGN_KEY_VIOLATION;
  return isBlocked ? asBlocked(error, run) : toSluiceError(error, { run });
}
