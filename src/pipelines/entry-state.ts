import type { SluiceError } from '../errors.ts';
import type { SourceHandle } from '../formats/file-handle.ts';
import { clearLoadJob, type LoadJobEntry } from '../ledger/load-jobs.ts';
import type { Redelivery } from '../ledger/redelivery.ts';
import type { RunningFile } from '../ledger/runs.ts';
import type { IdentifiedEntry, IdentifiedFile } from './identify/identified.ts';
import type { RejectRecorder } from './load/reject-recorder.ts';
import type { RunResources } from './load/run-resources.ts';
import type { LoadPlan } from './plan/run-plan.ts';
import type { PublishJob } from './publish/publish-run.ts';
import type { PipelineContext, RunOptions } from './run-pipeline.ts';
import { dropSegments } from './tables/segments.ts';

/** One source file on its way from `identified` to `published`. */
export interface RunWork extends RunningFile {
  readonly context: PipelineContext;
  readonly options: RunOptions;
  /** Null for a table of a source: there is no file. */
  readonly handle: SourceHandle | null;
  readonly identified: IdentifiedFile;
  readonly entries: readonly EntryState[];
  readonly resources: RunResources;
  readonly signal: AbortSignal;
  /** What the file is to those published before. */
  redelivery: Redelivery;
  /** Datasets that somebody else has changed since they were planned for. */
  readonly stale: Set<string>;
}

/** How far one entry has come. */
export interface EntryState {
  /** Place in the run, from 1. */
  readonly number: number;
  readonly identified: IdentifiedEntry;
  plan: LoadPlan | null;
  /** Loaded under `plan`, not yet published. */
  job: PublishJob | null;
  /** What collects the rejects of the latest load, and what the ledger is told of it. */
  collected: { readonly rejects: RejectRecorder; readonly note: LoadJobEntry } | null;
  /** A record contradicts a type that was only a guess. */
  contradicted: boolean;
  /** Types from a survey of the whole entry, by column. */
  widened: ReadonlyMap<string, string> | null;
  /** Why it is not going to be published: it failed, or its content has been published before. */
  setAside: SluiceError | null;
}

export function newState(identified: IdentifiedEntry, at: number): EntryState {
  return {
    ...{ number: at + 1, identified, plan: null, job: null, collected: null },
    ...{ contradicted: false, widened: null, setAside: null },
  };
}

/** Entries that are still meant to be published. */
export function activeEntries(work: RunWork): EntryState[] {
  return work.entries.filter((entry) => entry.setAside === null);
}

/** Takes back what loading an entry has left so far. */
export async function dropLoaded(work: RunWork, entry: EntryState): Promise<void> {
  const { pool } = work.context;
  const { job, collected } = entry;
  entry.job = null;
  entry.collected = null;
  if (job !== null) {
    work.resources.giveBack(job.loaded.blocks.reduce((sum, block) => sum + block.bytes.length, 0));
    await dropSegments(pool, job.loaded.segments);
  }
  const owner = collected?.rejects.owner ?? null;
  if (owner !== null) await clearLoadJob(pool, owner.loadId);
}
