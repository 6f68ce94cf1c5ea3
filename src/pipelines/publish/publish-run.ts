import type { Pool, PoolClient } from 'pg';
import { toSluiceError } from '../../db/database-error.ts';
import { qualified } from '../../db/identifiers.ts';
import { sqlstateOf, UNIQUE_VIOLATION } from '../../db/sqlstate.ts';
import { inTransaction } from '../../db/transaction.ts';
import { hasCode, SluiceError } from '../../errors.ts';
import { endRun, lockRun, type Run } from '../../ledger/runs.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import { BlockCopier } from '../copy/block-copier.ts';
import { copyJob } from '../copy/copy-job.ts';
import type { LoadedJob } from '../load/loaded.ts';
import type { LoadPlan } from '../plan/run-plan.ts';
import { RUN_ID_SETTING } from '../tables/ddl.ts';
import type { PublishedRun } from './published.ts';
import { recordLayout } from './record-layout.ts';
import { recordLoad } from './record-load.ts';

/** Milliseconds to wait for a lock that readers may hold, before letting go and trying again. */
const LOCK_TIMEOUT_MS = 2_000;
/** Milliseconds to wait for another load of the same dataset. */
const DATASET_TIMEOUT_MS = 60_000;
/** Tries before a run gives its place in the queue to others. */
const LOCK_TRIES = 15;
const LOCK_PAUSE_MS = 500;

export interface PublishInput {
  readonly pool: Pool;
  readonly file: SourceFile;
  readonly run: Run;
  readonly jobs: readonly PublishJob[];
  /** The same content may be published once more. */
  readonly again: boolean;
}

export interface PublishJob {
  readonly plan: LoadPlan;
  readonly loaded: LoadedJob;
  readonly startedAt: Date;
}

/**
 * Makes a run's rows visible, in one transaction with the ledger (I2). A reader that holds a table is waited for only
 * briefly and from outside the transaction, so that nobody queues behind us.
 */
export async function publishRun(input: PublishInput): Promise<PublishedRun> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(input.pool, (client) => publish(client, input));
    } catch (error) {
      const problem = translate(error, input);
      if (!hasCode(problem, 'LOCK_TIMEOUT') || attempt >= LOCK_TRIES) throw problem;
      await pause(LOCK_PAUSE_MS * (0.5 + Math.random()));
    }
  }
}

async function publish(client: PoolClient, input: PublishInput): Promise<PublishedRun> {
  const { file, run, jobs } = input;
  await lockDatasets(client, jobs);
  await lockRun(client, file, run);
  await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
  let rowsLoaded = 0;
  for (const job of jobs) rowsLoaded += await publishJob(client, input, job);
  const bytes = jobs[0]?.loaded.bytes ?? 0;
  await endRun(client, file, run, {
    status: 'published',
    sha256: jobs[0]?.loaded.fileSha256 ?? null,
    bytes,
    error: null,
  });
  return { runId: run.runId, rowsLoaded };
}

/** Datasets are locked in the order of their names, so that two runs cannot wait for each other. */
async function lockDatasets(client: PoolClient, jobs: readonly PublishJob[]): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = ${DATASET_TIMEOUT_MS}`);
  const datasets = [...new Set(jobs.map((job) => job.plan.dataset))].sort();
  for (const dataset of datasets) {
    await client.query("select pg_advisory_xact_lock(hashtextextended('sluice:dataset:' || $1, 0))", [
      dataset,
    ]);
  }
}

async function publishJob(client: PoolClient, input: PublishInput, job: PublishJob): Promise<number> {
  const { plan, loaded } = job;
  const layout = await recordLayout(client, input.run.runId, plan);
  await attachSegments(client, plan, loaded);
  const rowsLoaded =
    loaded.rowsLoaded + (await copySmall(client, plan.correction?.runId ?? input.run.runId, plan, loaded));
  refuseImbalance(plan, loaded, rowsLoaded);
  loaded.rejects.checkLimit(loaded.recordsRead);
  await recordLoad(client, { input, job, layout, rowsLoaded });
  return rowsLoaded;
}

/** The segments get what their version table has gained since they were filled, and become its children. */
async function attachSegments(client: PoolClient, plan: LoadPlan, loaded: LoadedJob): Promise<void> {
  const version = qualified(plan.version.schema, plan.version.name);
  for (const segment of loaded.segments) {
    await client.query(`ALTER TABLE ${qualified(segment.schema, segment.name)} INHERIT ${version}`);
  }
}

async function copySmall(
  client: PoolClient,
  runId: number,
  plan: LoadPlan,
  loaded: LoadedJob,
): Promise<number> {
  if (loaded.blocks.length === 0) return 0;
  // The transaction may be made for the second time.
  loaded.rejects.reset();
  await client.query(`SET LOCAL ${RUN_ID_SETTING} = ${runId}`);
  const copier = new BlockCopier(client, copyJob(plan), plan.version, (rejects) =>
    loaded.rejects.add(rejects),
  );
  let rows = 0;
  for (const block of loaded.blocks) rows += await copier.copy(block);
  return rows;
}

/** I1. */
function refuseImbalance(plan: LoadPlan, loaded: LoadedJob, rowsLoaded: number): void {
  const { recordsRead: read, rowsSkipped: skipped } = loaded;
  const rejected = loaded.rejects.count;
  if (read === rowsLoaded + rejected + skipped) return;
  throw new SluiceError('ACCOUNTING_MISMATCH', {
    file: plan.title,
    read,
    loaded: rowsLoaded,
    rejected,
    skipped,
  });
}

function translate(error: unknown, input: PublishInput): unknown {
  const sqlstate = sqlstateOf(error);
  if (sqlstate === null) return error;
  const constraint = (error as { constraint?: string }).constraint;
  if (sqlstate === UNIQUE_VIOLATION && constraint === 'load_job_published_once') {
    const facts = { file: input.file.displayPath, original: 'another file', run: 0 };
    return new SluiceError('ALREADY_PUBLISHED', facts, error);
  }
  return toSluiceError(error, { file: input.file.displayPath });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
