import type { Pool, PoolClient } from 'pg';
import type { CheckConfig } from '../../config/define-checks.ts';
import { toSluiceError } from '../../db/database-error.ts';
import { qualified } from '../../db/identifiers.ts';
import { retryLocks } from '../../db/retry-locks.ts';
import { DATATYPE_MISMATCH, DEPENDENT_OBJECTS, sqlstateOf, UNIQUE_VIOLATION } from '../../db/sqlstate.ts';
import { inTransaction } from '../../db/transaction.ts';
import { hasCode, SluiceError } from '../../errors.ts';
import type { Redelivery } from '../../ledger/redelivery.ts';
import { endRuns, lockRuns, type Run } from '../../ledger/runs.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import { datasetsOfRuns } from '../../ledger/undo.ts';
import { stepDone } from '../../steps.ts';
import { BlockCopier } from '../copy/block-copier.ts';
import { copyJob } from '../copy/copy-job.ts';
import type { FindRecords, LoadedJob } from '../load/loaded.ts';
import type { LoadPlan } from '../plan/run-plan.ts';
import { RUN_ID_SETTING } from '../tables/ddl.ts';
import { lockDatasets } from '../tables/lock-datasets.ts';
import { asBlocked } from '../undo/blocked.ts';
import { checkAccounts } from './check-accounts.ts';
import type { RefusedJob, RunChecks } from './check-rows.ts';
import { moveSegments } from './move-segments.ts';
import type { PublishedRun } from './published.ts';
import { recordLayout } from './record-layout.ts';
import { recordLoad } from './record-load.ts';
import { refuseTwins } from './refuse-twins.ts';
import { supersede, switchOver } from './supersede.ts';

export interface PublishInput {
  readonly pool: Pool;
  readonly file: SourceFile;
  readonly run: Run;
  readonly jobs: readonly RunJob[];
  /** The source file, when it is an archive; a plain file is what its one job has read. */
  readonly whole: { readonly sha256: string; readonly bytes: number } | null;
  /** What it is to those published before. */
  readonly redelivery: Redelivery;
  /** How the checks of its datasets come out. */
  readonly checked: RunChecks;
  /** Ends it promptly, whatever lock it waits for. */
  readonly signal: AbortSignal;
}

export interface PublishJob {
  readonly plan: LoadPlan;
  readonly loaded: LoadedJob;
  readonly startedAt: Date;
  /** Its content may have been published before. */
  readonly again: boolean;
  /** Finds the bytes of records that publishing has to reject; null when the source cannot be read again. */
  readonly find: FindRecords | null;
  /** The dataset is named after the file: content that any dataset has is a duplicate. */
  readonly derived: boolean;
}

export interface RunJob extends PublishJob {
  /** When it is refused the others are published all the same. */
  readonly standsAlone: boolean;
  /** What has to hold of the rows of its dataset. */
  readonly checks: readonly CheckConfig[];
}

/** Jobs whose records do not stand the last look. Nothing was published. Never leaves the pipeline. */
export class EntriesRefused extends Error {
  constructor(readonly refused: readonly RefusedJob[]) {
    super(`${refused.length} load jobs were refused`);
  }
}

/**
 * Makes a run's rows visible, in one transaction with the ledger (I2). A reader that holds a table is waited for only
 * briefly and from outside the transaction, so that nobody queues behind us.
 */
export async function publishRun(input: PublishInput): Promise<PublishedRun> {
  const { pool, signal } = input;
  const refused = await input.checked.checkSegments(pool, input);
  if (refused.length > 0) throw new EntriesRefused(refused);
  return retryLocks(
    () => inTransaction(pool, (client) => publish(client, input), { signal }),
    (error) => translate(error, input),
    signal,
  );
}

async function publish(client: PoolClient, input: PublishInput): Promise<PublishedRun> {
  const { file, run, jobs } = input;
  const replaced = await datasetsOfRuns(input.pool, input.redelivery.runs);
  await lockDatasets(client, [...jobs.map((job) => job.plan.dataset), ...replaced]);
  await lockRuns(client, [{ file, run }]);
  stepDone('dataset locked', file.displayPath);
  await input.checked.lookAgain(client, jobs);
  const superseded = await supersede(client, input);
  stepDone('earlier runs superseded', file.displayPath);
  // The rows of what is loaded again were there already, whoever else has the same.
  if (input.redelivery.replayed?.isPublished !== true) await refuseTwins(client, input.jobs);
  const rowsLoaded = await publishJobs(client, input);
  await input.checked.save(client, run.runId);
  const loaded = jobs[0]?.loaded;
  const end = {
    status: 'published',
    sha256: input.whole?.sha256 ?? loaded?.fileSha256 ?? null,
    bytes: input.whole?.bytes ?? loaded?.bytes ?? 0,
    error: null,
  } as const;
  await endRuns(client, [{ file, run, end }]);
  await switchOver(client, jobs, superseded);
  stepDone('run ended', file.displayPath);
  return { runId: run.runId, rowsLoaded };
}

/** All jobs that will be refused are found at once, so that publishing them without those succeeds. */
async function publishJobs(client: PoolClient, input: PublishInput): Promise<number> {
  const refused: RefusedJob[] = [];
  let rowsLoaded = 0;
  for (const job of input.jobs) {
    try {
      if (job.standsAlone) await client.query('SAVEPOINT entry');
      rowsLoaded += await publishJob(client, input, job);
      if (job.standsAlone) await client.query('RELEASE entry');
    } catch (error) {
      // What it would have made may be missed by a later job of its dataset.
      if (hasCode(error, 'PLAN_STALE') && refused.length > 0) break;
      if (!(error instanceof SluiceError) || error.kind !== 'terminal') throw error;
      refused.push({ jobNumber: job.plan.jobNumber, reason: error });
      if (!job.standsAlone) break;
      await client.query('ROLLBACK TO entry');
    }
  }
  if (refused.length === 0) refused.push(...(await input.checked.checkCopied(client, input)));
  if (refused.length > 0) throw new EntriesRefused(refused);
  return rowsLoaded;
}

async function publishJob(client: PoolClient, input: PublishInput, job: PublishJob): Promise<number> {
  const { plan, loaded } = job;
  const layout = await recordLayout(client, input.run.runId, plan);
  stepDone('layout recorded', plan.title);
  // The transaction may be made for the second time.
  loaded.rejects.restore();
  const runId = plan.correction?.runId ?? input.run.runId;
  const moved = await moveSegments(client, job, runId);
  if (moved === null) await attachSegments(client, plan, loaded);
  stepDone('segments attached', plan.title);
  const inSegments = moved ?? loaded.rowsLoaded;
  const rowsLoaded = inSegments + (await copySmall(client, runId, plan, loaded));
  checkAccounts(plan, loaded, rowsLoaded);
  const segments = moved === null ? loaded.segments : [];
  await recordLoad(client, { input, job: { ...job, loaded: { ...loaded, segments } }, layout, rowsLoaded });
  stepDone('load recorded', plan.title);
  return rowsLoaded;
}

/** The segments get what their version table has gained since they were filled, and become its children. */
async function attachSegments(client: PoolClient, plan: LoadPlan, loaded: LoadedJob): Promise<void> {
  const version = qualified(plan.version.schema, plan.version.name);
  for (const segment of loaded.segments) {
    try {
      await client.query(`ALTER TABLE ${qualified(segment.schema, segment.name)} INHERIT ${version}`);
    } catch (error) {
      if (sqlstateOf(error) !== DATATYPE_MISMATCH) throw error;
      throw new SluiceError('PLAN_STALE', { dataset: plan.dataset, file: plan.title }, error);
    }
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
  await client.query(`SET LOCAL ${RUN_ID_SETTING} = ${runId}; SET CONSTRAINTS ALL IMMEDIATE`);
  const copier = new BlockCopier(client, copyJob(plan), plan.version, (rejects) =>
    loaded.rejects.add(rejects),
  );
  let rows = 0;
  for (const block of loaded.blocks) rows += await copier.copy(block);
  stepDone('small load copied', plan.title);
  return rows;
}

function translate(error: unknown, input: PublishInput): unknown {
  const sqlstate = sqlstateOf(error);
  if (sqlstate === null) return error;
  const constraint = (error as { constraint?: string }).constraint;
  if (sqlstate === DEPENDENT_OBJECTS) return asBlocked(error, input.run.runId);
  if (sqlstate === UNIQUE_VIOLATION && constraint === 'load_job_published_once') {
    const facts = { file: input.file.displayPath, original: 'another file', run: 0 };
    return new SluiceError('ALREADY_PUBLISHED', facts, error);
  }
  return toSluiceError(error, { file: input.file.displayPath });
}
