import type { Pool, PoolClient } from 'pg';
import { toSluiceError } from '../../db/database-error.ts';
import { qualified } from '../../db/identifiers.ts';
import { LOCK_NOT_AVAILABLE, sqlstateOf } from '../../db/sqlstate.ts';
import { inTransaction } from '../../db/transaction.ts';
import { SluiceError } from '../../errors.ts';
import { moveLoads } from '../../ledger/merged-loads.ts';
import { stepDone } from '../../steps.ts';
import type { TableName } from '../plan/run-plan.ts';
import { lockDatasets } from '../tables/lock-datasets.ts';
import { dropSegments } from '../tables/segments.ts';
import { type Batch, listOf } from './batches.ts';
import { fillMerged, mergedName } from './merged-table.ts';
import { anyUnderWay, transactionsUnderWay, Watch } from './waiting.ts';

/** Milliseconds that old transactions, and then readers, are waited for. */
const PATIENCE_MS = 600_000;
const PAUSE_MS = 250;

/**
 * Folds segments of a version table into one table, which takes their place in a moment (ADR 20). Nobody sees a row twice
 * or not at all, at whatever isolation level. Killed at any time, it leaves the segments as they are, and at most a table that the next
 * start drops.
 *
 * Gives the table's name.
 *
 * @throws COMPACTION_YIELDED when somebody else wants to change the segments; COMPACTION_DELAYED; COMPACTION_MISCOUNTED
 */
export async function compactBatch(pool: Pool, batch: Batch, signal: AbortSignal): Promise<TableName> {
  const merged = mergedName(batch);
  try {
    await inTransaction(pool, (holder) => compact({ pool, holder, batch, merged, signal }));
    stepDone('segments folded', merged.name);
    return merged;
  } catch (error) {
    // When the answer to the COMMIT was lost it may be attached; then it stays.
    await dropSegments(pool, [merged]).catch(() => undefined);
    throw translate(error, batch, signal);
  }
}

interface Work {
  readonly pool: Pool;
  /** The session whose transaction keeps the segments as they are until they are dropped in it. */
  readonly holder: PoolClient;
  readonly batch: Batch;
  readonly merged: TableName;
  readonly signal: AbortSignal;
}

async function compact(work: Work): Promise<void> {
  const { pool, holder, batch, merged, signal } = work;
  const pid = await holdSegments(holder, batch);
  const watch = new Watch(pool, batch.segments, pid, signal);
  const goOn = () => {
    signal.throwIfAborted();
    if (watch.isWanted) throw new SluiceError('COMPACTION_YIELDED', { table: shownName(batch) });
  };
  try {
    const rows = await fillMerged(pool, batch, merged, watch.onCopier).catch((error: unknown) => {
      goOn();
      throw error;
    });
    watch.copied();
    stepDone('segments copied', merged.name);
    if (rows !== batch.rows) {
      throw new SluiceError('COMPACTION_MISCOUNTED', { table: shownName(batch), rows, expected: batch.rows });
    }
    await untilOlderOnesEnded(work, pid, goOn);
    await swap(work, goOn);
  } finally {
    watch.stop();
  }
}

/** Readers go on; whoever would change rows or tables waits. Gives the server process. */
async function holdSegments(holder: PoolClient, batch: Batch): Promise<number> {
  const { rows } = await holder.query<{ pid: number; is_alone: boolean }>(
    `select pg_backend_pid() as pid, pg_try_advisory_xact_lock(hashtextextended('sluice:compact:' || $1, 0)) as is_alone`,
    [batch.versionId],
  );
  const yielded = new SluiceError('COMPACTION_YIELDED', { table: shownName(batch) });
  if (rows[0]?.is_alone !== true) throw yielded;
  await holder.query(`SET LOCAL lock_timeout = '10s'`);
  await holder.query(`LOCK TABLE ${listOf(batch.segments)} IN SHARE MODE`);
  const { rows: loads } = await holder.query<{ n: number }>(
    `select count(*) as n from sluice.load_job where load_id = any($1::bigint[]) and status = 'published' and segments <@ $2::text[]`,
    [batch.loadIds, batch.segments.map(({ name }) => name)],
  );
  if (loads[0]?.n !== batch.loadIds.length) throw yielded;
  return rows[0]?.pid ?? 0;
}

/** Whoever has a snapshot from before the copy would miss its rows. */
async function untilOlderOnesEnded(work: Work, pid: number, goOn: () => void): Promise<void> {
  const older = await transactionsUnderWay(work.pool, pid);
  const deadline = performance.now() + PATIENCE_MS;
  while (await anyUnderWay(work.pool, older)) {
    goOn();
    refuseLate(work, deadline, 'transactions that began before it');
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Locks are asked for briefly and let go again, so that readers do not queue behind us. */
async function swap(work: Work, goOn: () => void): Promise<void> {
  const { holder } = work;
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    goOn();
    await holder.query('SAVEPOINT swap');
    try {
      await takePlaces(work);
      return;
    } catch (error) {
      if (sqlstateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
      await holder.query('ROLLBACK TO SAVEPOINT swap');
    }
    refuseLate(work, deadline, 'readers');
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (1 + Math.random())));
  }
}

async function takePlaces({ holder, batch, merged }: Work): Promise<void> {
  const [parent, version] = [batch.parent, batch.version].map(({ schema, name }) => qualified(schema, name));
  await lockDatasets(holder, [batch.dataset]);
  // Who has listed the children before the commit reads them before it; who lists them later finds the new ones.
  await holder.query(`LOCK TABLE ONLY ${parent}, ONLY ${version} IN ACCESS EXCLUSIVE MODE`);
  await holder.query(`ALTER TABLE ${qualified(merged.schema, merged.name)} INHERIT ${version}`);
  await moveLoads(holder, batch.loadIds, merged.name);
  await holder.query(`DROP TABLE ${listOf(batch.segments)}`);
  stepDone('segments replaced', merged.name);
}

function refuseLate({ batch }: Work, deadline: number, who: string): void {
  if (performance.now() < deadline) return;
  throw new SluiceError('COMPACTION_DELAYED', {
    table: shownName(batch),
    who,
    minutes: PATIENCE_MS / 60_000,
  });
}

function shownName({ version }: Batch): string {
  return `${version.schema}.${version.name}`;
}

function translate(error: unknown, batch: Batch, signal: AbortSignal): unknown {
  const table = shownName(batch);
  if (signal.aborted) return new SluiceError('COMPACTION_STOPPED', { table }, error);
  // Somebody has it or has taken it away; whatever it was, the next look finds what is there then.
  const sqlstate = sqlstateOf(error);
  if (sqlstate === LOCK_NOT_AVAILABLE || sqlstate === '42P01') {
    return new SluiceError('COMPACTION_YIELDED', { table }, error);
  }
  return toSluiceError(error, { table });
}
