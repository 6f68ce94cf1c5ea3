import type { Pool } from 'pg';
import { rejectLimitFor } from '../config/reject-limit.ts';
import type { Settings } from '../config/settings.ts';
import { hasCode, SluiceError } from '../errors.ts';
import { SourceHandle, sameFile } from '../formats/file-handle.ts';
import { clearUnpublished, type LoadJobEntry, saveLoadJob } from '../ledger/load-jobs.ts';
import { FIRST_DELIVERY, type Redelivery } from '../ledger/redelivery.ts';
import { type Run, type RunningFile, recordStage } from '../ledger/runs.ts';
import type { SourceFile } from '../ledger/source-file.ts';
import { stepDone } from '../steps.ts';
import { TypeContradiction } from './copy/contradiction.ts';
import type { Handler } from './handlers/handler.ts';
import { refusePublished, refuseTwin } from './identify/find-twin.ts';
import type { IdentifiedEntry } from './identify/identified.ts';
import { isLoadedAgain, recogniseDelivery } from './identify/redelivery.ts';
import { BLOCK_BYTES, loadJob } from './load/load-job.ts';
import { RejectRecorder } from './load/reject-recorder.ts';
import { surveyTypes } from './load/survey.ts';
import { planLoad } from './plan/plan-load.ts';
import type { LoadPlan, RunPlan } from './plan/run-plan.ts';
import { type PublishJob, publishRun } from './publish/publish-run.ts';
import { fitSegments } from './tables/fit-segments.ts';
import { readDataset } from './tables/known-dataset.ts';
import { dropSegments } from './tables/segments.ts';

/** What the pipeline works with; the same for every run. */
export interface PipelineContext {
  readonly pool: Pool;
  readonly settings: Settings;
  readonly handlers: readonly Handler[];
  /** Connections for one large load. */
  readonly lanes: number;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  /** Publish the same content once more. */
  readonly again: boolean;
  /** Told that work on these files goes on; `patient` when what comes next may take long without a sign of it. */
  alive(files: readonly SourceFile[], patient?: boolean): void;
  progressOf(file: SourceFile): (position: number, size: number) => void;
}

/** Takes one settled file through all stages, in their order. Resolves when its rows are published; rejects otherwise. */
export async function runPipeline(
  context: PipelineContext,
  file: SourceFile,
  run: Run,
  options: RunOptions,
): Promise<void> {
  const { pool } = context;
  options.alive([file]);
  const handle = await SourceHandle.open(file.path, file.displayPath);
  handle.onRead = () => options.alive([file]);
  try {
    refuseUnsettled(handle, file);
    const { handler, entries } = await identifyFile(context, handle, file);
    const businessDate = entries[0]?.businessDate ?? null;
    await recordStage(pool, file, run, { status: 'identified', businessDate });
    stepDone('file identified', file.displayPath);
    const work: Work = {
      ...{ context, file, run, options, handler, handle, entries },
      redelivery: FIRST_DELIVERY,
      widened: new Map(),
      recorders: [],
      tries: 0,
    };
    while (!(await tryOnce(work)));
  } catch (error) {
    throw await orChange(handle, file, error);
  } finally {
    await handle.close();
  }
}

/** What a reading found wrong says nothing about a file that changed meanwhile: then the change is the error (I9). */
async function orChange(handle: SourceHandle, file: SourceFile, error: unknown): Promise<unknown> {
  const isFinding =
    error instanceof SluiceError && error.kind === 'terminal' && error.code !== 'RUN_TAKEN_OVER';
  const changed = hasCode(error, 'FILE_CHANGED') || (isFinding && !(await handle.isUnchanged()));
  if (!changed) return error;
  const code = (await handle.isGone()) ? 'FILE_VANISHED' : 'FILE_CHANGED';
  return new SluiceError(code, { file: file.displayPath }, error);
}

/** Plans a file without touching anything but the bookkeeping it reads. */
export async function planFile(
  context: PipelineContext,
  file: SourceFile,
): Promise<{ plan: RunPlan; entries: readonly IdentifiedEntry[] }> {
  const handle = await SourceHandle.open(file.path, file.displayPath);
  try {
    const { handler, entries } = await identifyFile(context, handle, file);
    const jobs = await planJobs(context, entries, new Map());
    return { plan: { file: file.displayPath, handler: handler.name, jobs }, entries };
  } finally {
    await handle.close();
  }
}

interface Work extends EntryWork {
  readonly entries: readonly IdentifiedEntry[];
  /** What the file is to those published before. */
  redelivery: Redelivery;
  /** Types that records of this file have shown to be needed, by job and column. */
  readonly widened: Map<number, Map<string, string>>;
  tries: number;
}

/** Plan, load, publish. False when it has to be done again, with wider types or on a dataset that has changed. */
async function tryOnce(work: Work): Promise<boolean> {
  const { context, file, run, options } = work;
  if (options.signal.aborted) throw new SluiceError('RUN_STOPPED', { file: file.displayPath });
  await recognise(work);
  const plans = await planJobs(context, work.entries, work.widened);
  if (work.tries++ > 0 || run.attempt > 1) await clearUnpublished(context.pool, run.runId);
  await recordStage(context.pool, file, run, { status: 'planned' });
  stepDone('load planned', file.displayPath);
  const jobs: PublishJob[] = [];
  work.recorders.length = 0;
  try {
    for (const [at, plan] of plans.entries()) {
      const entry = work.entries[at] as IdentifiedEntry;
      const job = await loadEntry(work, plan, entry);
      jobs.push(job);
      await refuseKnown(work, job, entry);
    }
    const sha256 = jobs[0]?.loaded.fileSha256 ?? null;
    await recordStage(context.pool, file, run, { status: 'loaded', sha256 });
    stepDone('file loaded', file.displayPath);
    if (await publishLoaded(work, jobs)) return true;
    await dropLoaded(work, jobs);
    return false;
  } catch (error) {
    // Best effort: the sweep at the next start finds what is left.
    await dropLoaded(work, jobs).catch(() => {});
    if (error instanceof TypeContradiction) {
      stepDone('type contradicted', file.displayPath);
      await survey(work, plans, error.jobNumber);
      stepDone('file surveyed', file.displayPath);
      return false;
    }
    if (hasCode(error, 'REJECT_LIMIT_EXCEEDED')) await keepRejects(work);
    throw error;
  }
}

/** Before any work is done on it: what the file is to those published before. */
async function recognise(work: Work): Promise<void> {
  const { context, file, run, handle, entries } = work;
  const { pool } = context;
  work.redelivery = await recogniseDelivery(pool, handle, { file, run }, entries);
  for (const entry of entries) {
    if (!isAgain(work, entry)) await refuseTwin(pool, handle, entry, work.redelivery.runs);
  }
}

function isAgain({ options }: Pick<EntryWork, 'options'>, entry: IdentifiedEntry): boolean {
  return options.again || isLoadedAgain(entry);
}

async function refuseKnown(work: Work, job: PublishJob, entry: IdentifiedEntry): Promise<void> {
  if (isAgain(work, entry)) return;
  await refusePublished(work.context.pool, job.loaded.contentSha256, entry, work.redelivery.runs);
}

function dropLoaded(work: Work, jobs: readonly PublishJob[]): Promise<void> {
  const segments = jobs.flatMap((job) => job.loaded.segments);
  return dropSegments(work.context.pool, segments);
}

/** The ledger's index says only that there is a twin, for it was published a moment ago; now it can be named. */
async function nameTwins(work: Work, jobs: readonly PublishJob[]): Promise<void> {
  for (const [at, job] of jobs.entries()) {
    await refuseKnown(work, job, work.entries[at] as IdentifiedEntry);
  }
}

/**
 * Publishes what is loaded. When somebody else has changed the dataset meanwhile, the file is planned again; what is
 * loaded stays, unless the new plan reads it differently: then false.
 */
async function publishLoaded(work: Work, loaded: readonly PublishJob[]): Promise<boolean> {
  const { context, file, run, options } = work;
  const { pool } = context;
  let jobs = loaded;
  for (;;) {
    options.alive([file], rewritesTables(jobs) || replacesRows(work.redelivery));
    try {
      await publishRun({ pool, file, run, jobs, redelivery: work.redelivery, signal: options.signal });
      stepDone('run published', file.displayPath);
      return true;
    } catch (error) {
      if (hasCode(error, 'ALREADY_PUBLISHED')) await nameTwins(work, jobs);
      if (!hasCode(error, 'PLAN_STALE')) throw error;
    }
    const plans = await planJobs(context, work.entries, work.widened);
    const fitted: PublishJob[] = [];
    for (const [at, job] of jobs.entries()) {
      const plan = plans[at] as LoadPlan;
      const statements = fitSegments(job.plan, plan, job.loaded.segments);
      // The same revision: somebody altered the tables themselves, and only a new reading fits them.
      if (statements === null || plan.revision === job.plan.revision) return false;
      for (const statement of statements) await pool.query(statement);
      fitted.push({ ...job, plan });
    }
    jobs = fitted;
  }
}

/** Postgres writes every row of a table anew that gets a wider type, and tells nobody how far it is. */
function rewritesTables(jobs: readonly PublishJob[]): boolean {
  return jobs.some(({ plan }) => plan.changes.some(({ kind }) => kind === 'widenType'));
}

function replacesRows({ runs, supersedes }: Redelivery): boolean {
  return runs.length > 0 || supersedes.length > 0;
}

/** What loading one entry needs to know of its run. */
export interface EntryWork extends RunningFile {
  readonly context: PipelineContext;
  readonly options: RunOptions;
  readonly handler: Handler;
  readonly handle: SourceHandle;
  /** What collected rejects in the try at hand. */
  readonly recorders: { readonly rejects: RejectRecorder; readonly note: LoadJobEntry }[];
}

export async function loadEntry(
  work: EntryWork,
  plan: LoadPlan,
  entry: IdentifiedEntry,
): Promise<PublishJob> {
  const { context, run, options, handle, handler } = work;
  const startedAt = new Date();
  const onProgress = options.progressOf(work.file);
  const note = { ...noteOf(work, plan, startedAt), again: isAgain(work, entry) };
  const isCorrection = plan.correction !== null;
  const limit = isCorrection ? NO_LIMIT : rejectLimitFor(context.settings, entry.config ?? undefined);
  const rejects = new RejectRecorder(context.pool, limit, {
    file: plan.title,
    enter: async () => ({ runId: run.runId, loadId: await saveLoadJob(context.pool, null, note) }),
  });
  work.recorders.push({ rejects, note });
  const loadContext = {
    ...context,
    run,
    rejects,
    signal: options.signal,
    onProgress: (position: number) => {
      options.alive([work.file]);
      onProgress(position, handle.opened.size);
    },
  };
  const loaded = await loadJob(loadContext, plan, handle, handler.open(handle, entry));
  return { plan, loaded, startedAt, again: isAgain(work, entry) };
}

/** A load job as it is noted while it runs. */
function noteOf(work: EntryWork, plan: LoadPlan, startedAt: Date): Omit<LoadJobEntry, 'again'> {
  const { run, file } = work;
  return {
    runId: run.runId,
    fileId: file.fileId,
    entryName: plan.entryName,
    datasetId: plan.datasetId,
    versionId: plan.versionId,
    contentSha256: null,
    status: 'planned',
    recordsRead: 0,
    rowsLoaded: 0,
    rowsRejected: 0,
    rowsSkipped: 0,
    startedAt,
    dialect: plan.dialect,
    head: Buffer.alloc(0),
    segments: [],
  };
}

/** A run that fails over its rejects still lists those it found. */
async function keepRejects(work: Work): Promise<void> {
  const { pool } = work.context;
  for (const { rejects, note } of work.recorders) {
    if (rejects.count === 0) continue;
    await rejects.flush();
    const { count: rowsRejected, owner } = rejects;
    await saveLoadJob(pool, owner?.loadId ?? null, {
      ...note,
      head: rejects.head,
      status: 'failed',
      recordsRead: rowsRejected,
      rowsRejected,
    });
  }
}

async function planJobs(
  context: PipelineContext,
  entries: readonly IdentifiedEntry[],
  widened: ReadonlyMap<number, ReadonlyMap<string, string>>,
): Promise<LoadPlan[]> {
  const plans: LoadPlan[] = [];
  for (const [at, entry] of entries.entries()) {
    const known = await readDataset(context.pool, entry.dataset);
    const { stagingSchema } = context.settings;
    const jobNumber = at + 1;
    plans.push(planLoad({ entry, known, stagingSchema, jobNumber, widened: widened.get(jobNumber) ?? null }));
  }
  return plans;
}

/** Finds types that hold every value of the file; the load that starts over with them is not contradicted again. */
async function survey(work: Work, plans: readonly LoadPlan[], jobNumber: number): Promise<void> {
  const { handler, handle, context, widened } = work;
  if (widened.has(jobNumber)) throw new Error(`job ${jobNumber} was contradicted after a survey of its file`);
  const plan = plans[jobNumber - 1] as LoadPlan;
  const opened = handler.open(handle, work.entries[jobNumber - 1] as IdentifiedEntry);
  const { maxRecordBytes } = context.settings;
  widened.set(jobNumber, await surveyTypes(plan, opened, { blockBytes: BLOCK_BYTES, maxRecordBytes }));
}

const NO_LIMIT = { kind: 'none' } as const;

/** The first handler that recognises the file, and what it found in it. */
export async function identifyFile(
  context: PipelineContext,
  handle: SourceHandle,
  file: SourceFile,
): Promise<{ handler: Handler; entries: IdentifiedEntry[] }> {
  for (const handler of context.handlers) {
    const entries = handler.accepts(file) ? await handler.identify(handle, file, context) : null;
    if (entries !== null) return { handler, entries };
  }
  const extension = /\.[^.]*$/.exec(file.name)?.[0] ?? 'no extension';
  throw new SluiceError('FILE_UNSUPPORTED', { file: file.displayPath, extension });
}

/** What is not the file that settled, or not all of it, is not read. */
export function refuseUnsettled(handle: SourceHandle, file: SourceFile): void {
  if (!sameFile(handle.opened, file.identity))
    throw new SluiceError('FILE_CHANGED', { file: file.displayPath });
  if (file.waitingFor === null) return;
  throw new SluiceError('FILE_INCOMPLETE', { file: file.displayPath, reason: file.waitingFor });
}
