import { rejectLimitFor } from '../config/reject-limit.ts';
import type { SourceHandle } from '../formats/file-handle.ts';
import { type LoadJobEntry, saveLoadJob } from '../ledger/load-jobs.ts';
import type { Redelivery } from '../ledger/redelivery.ts';
import type { RunningFile } from '../ledger/runs.ts';
import type { IdentifiedEntry } from './identify/identified.ts';
import { findRecords } from './load/find-records.ts';
import { BLOCK_BYTES, loadJob } from './load/load-job.ts';
import type { FindRecords } from './load/loaded.ts';
import { RejectRecorder } from './load/reject-recorder.ts';
import type { RunResources } from './load/run-resources.ts';
import { discardedColumns, type LoadPlan } from './plan/run-plan.ts';
import type { PublishJob } from './publish/publish-run.ts';
import type { PipelineContext, RunOptions } from './run-pipeline.ts';
import { isAgain } from './set-aside.ts';

/** What loading one entry needs to know of its run. */
export interface EntryWork extends RunningFile {
  readonly context: PipelineContext;
  readonly options: RunOptions;
  readonly handle: SourceHandle | null;
  readonly resources: RunResources;
  /** What it is to those published before; nothing for one that is read with others. */
  readonly redelivery?: Redelivery;
  /** Ends the load promptly. */
  readonly signal: AbortSignal;
  /** Connections, when the entry turns out to be large. */
  readonly lanes: number;
  /** Told how many bytes of the source file were read for this entry. */
  onProgress(position: number): void;
  /** Told before reading begins what collects the rejects, and what is noted when there are some. */
  onStart(rejects: RejectRecorder, note: LoadJobEntry): void;
}

export async function loadEntry(
  work: EntryWork,
  plan: LoadPlan,
  entry: IdentifiedEntry,
): Promise<PublishJob> {
  const { context, run, handle, resources, signal, lanes, onProgress } = work;
  const { rejects, ...begun } = startJob(work, plan, entry);
  const loadContext = { ...context, run, rejects, signal, lanes, resources, onProgress };
  const loaded = await loadJob(loadContext, plan, handle, entry.open());
  const reading = { blockBytes: BLOCK_BYTES, maxRecordBytes: context.settings.maxRecordBytes };
  const find: FindRecords = (records) => {
    return findRecords(plan, { opened: entry.open(), contentSha256: loaded.contentSha256 }, reading, records);
  };
  // What is read is no file: it cannot be read a second time.
  return { plan, loaded, ...begun, find: handle === null ? null : find };
}

/** The part of the work that is known before a file is opened. */
export type JobWork = Pick<EntryWork, 'context' | 'options' | 'file' | 'run' | 'redelivery' | 'onStart'>;

/** A load job begins: when, whether for content that has been published, and what collects its rejects. */
export function startJob(
  work: JobWork,
  plan: LoadPlan,
  entry: Pick<IdentifiedEntry, 'config'>,
): Pick<PublishJob, 'startedAt' | 'again' | 'derived'> & { readonly rejects: RejectRecorder } {
  const { context, run } = work;
  const startedAt = new Date();
  // What takes the place of a second copy is one itself.
  const again = isAgain(work, entry) || work.redelivery?.replayed?.again === true;
  const note = { ...noteOf(work, plan, startedAt), again };
  const isCorrection = plan.correction !== null;
  const limit = isCorrection ? NO_LIMIT : rejectLimitFor(context.settings, entry.config ?? undefined);
  const rejects = new RejectRecorder(context.pool, limit, {
    file: plan.title,
    enter: async () => ({ runId: run.runId, loadId: await saveLoadJob(context.pool, null, note) }),
  });
  work.onStart(rejects, note);
  return { startedAt, again, derived: entry.config === null && !isCorrection, rejects };
}

/** A load job as it is noted while it runs. */
function noteOf(work: JobWork, plan: LoadPlan, startedAt: Date): Omit<LoadJobEntry, 'again'> {
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
    footer: null,
    startedAt,
    dialect: plan.dialect,
    described: plan.described,
    head: Buffer.alloc(0),
    segments: [],
    discarded: discardedColumns(plan),
  };
}

const NO_LIMIT = { kind: 'none' } as const;
