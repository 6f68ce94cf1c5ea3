import type { Pool } from 'pg';
import type { Settings } from '../config/settings.ts';
import { hasCode, SluiceError } from '../errors.ts';
import { SourceHandle, sameFile } from '../formats/file-handle.ts';
import { FIRST_DELIVERY } from '../ledger/redelivery.ts';
import { type Run, type RunningFile, recordStage } from '../ledger/runs.ts';
import type { SourceFile } from '../ledger/source-file.ts';
import { stepDone } from '../steps.ts';
import { newState } from './entry-state.ts';
import type { FamiliarFiles } from './familiar-files.ts';
import type { Handler } from './handlers/handler.ts';
import { type IdentifiedEntry, type IdentifiedFile, oneEntry } from './identify/identified.ts';
import { RunResources } from './load/run-resources.ts';
import type { LoadPlan, RunPlan } from './plan/run-plan.ts';
import { planEntry } from './plan-entry.ts';
import { runEntries } from './run-entries.ts';
import { datasetAfter } from './tables/dataset-after.ts';
import { type KnownDataset, readDataset } from './tables/known-dataset.ts';

/** What the pipeline works with; the same for every run. */
export interface PipelineContext {
  readonly pool: Pool;
  readonly settings: Settings;
  readonly handlers: readonly Handler[];
  /** What small files have shown of their datasets. */
  readonly familiar: FamiliarFiles;
  /** Connections for one large load. */
  readonly lanes: number;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  /** Publish the same content once more. */
  readonly again: boolean;
  /** Told that work on these files goes on; `patient` when what comes next may take long without a sign of it. */
  alive(files: readonly SourceFile[], patient?: boolean): void;
  /** Gives what is told how many bytes have been read, and of how many; null when nobody knows. */
  progressOf(file: SourceFile): (position: number, size: number | null) => void;
  /** Told which datasets a run is for, as soon as that is known; perhaps twice. */
  onIdentified(item: RunningFile, datasets: readonly string[]): void;
  /** Told what is going to take long, before it is done. */
  forewarn(text: string): void;
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
    const { identified } = await identifyFile(context, handle, file);
    options.onIdentified({ file, run }, datasetsOf(identified));
    const businessDate = identified.entries[0]?.businessDate ?? null;
    const { skipped, notes } = identified;
    const noted = [...skipped, ...notes.map((note) => ({ ...note, isNote: true }))];
    await recordStage(pool, file, run, { status: 'identified', businessDate, noted });
    stepDone('file identified', file.displayPath);
    await runEntries({
      ...{ context, file, run, options, handle, identified },
      entries: identified.entries.map(newState),
      resources: new RunResources(context.lanes),
      signal: options.signal,
      redelivery: FIRST_DELIVERY,
      stale: new Set(),
    });
  } catch (error) {
    throw await orChange(handle, file, error);
  } finally {
    await handle.close();
  }
}

/** Takes a table of a source through the stages behind `identify`: there is no file that could change or be moved. */
export async function runPulled(
  context: PipelineContext,
  file: SourceFile,
  run: Run,
  options: RunOptions & { readonly entry: IdentifiedEntry },
): Promise<void> {
  const identified = { ...oneEntry(options.entry), anyOrder: false };
  options.onIdentified({ file, run }, datasetsOf(identified));
  await recordStage(context.pool, file, run, { status: 'identified' });
  stepDone('file identified', file.displayPath);
  await runEntries({
    ...{ context, file, run, options, handle: null, identified },
    entries: identified.entries.map(newState),
    resources: new RunResources(context.lanes),
    signal: options.signal,
    redelivery: FIRST_DELIVERY,
    stale: new Set(),
  });
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
): Promise<{ plan: RunPlan; identified: IdentifiedFile }> {
  const handle = await SourceHandle.open(file.path, file.displayPath);
  try {
    const { handler, identified } = await identifyFile(context, handle, file);
    const jobs = await planEntries(context, identified.entries);
    return { plan: { file: file.displayPath, handler: handler.name, jobs }, identified };
  } finally {
    await handle.close();
  }
}

/** Each is planned on its dataset as those before it would leave it. */
export async function planEntries(
  context: Pick<PipelineContext, 'pool' | 'settings'>,
  entries: readonly IdentifiedEntry[],
): Promise<LoadPlan[]> {
  const { stagingSchema } = context.settings;
  const datasets = new Map<string, KnownDataset | null>();
  const plans: LoadPlan[] = [];
  for (const [at, entry] of entries.entries()) {
    const before = datasets.get(entry.dataset);
    const known = before === undefined ? await readDataset(context.pool, entry.dataset) : before;
    const plan = await planEntry(context.pool, {
      entry,
      known,
      stagingSchema,
      jobNumber: at + 1,
      widened: null,
    });
    datasets.set(entry.dataset, datasetAfter(known, plan));
    plans.push(plan);
  }
  return plans;
}

/** The first handler that recognises the file, and what it found in it. */
export async function identifyFile(
  context: PipelineContext,
  handle: SourceHandle,
  file: SourceFile,
): Promise<{ handler: Handler; identified: IdentifiedFile }> {
  for (const handler of context.handlers) {
    const identified = handler.accepts(file) ? await handler.identify(handle, file, context) : null;
    if (identified !== null) return { handler, identified };
  }
  const extension = /\.[^.]*(\.(gpg|pgp|asc))?$/i.exec(file.name)?.[0] ?? 'no extension';
  throw new SluiceError('FILE_UNSUPPORTED', { file: file.displayPath, extension });
}

export function datasetsOf({ entries }: Pick<IdentifiedFile, 'entries'>): string[] {
  return [...new Set(entries.map(({ dataset }) => dataset))];
}

/** What is not the file that settled, or not all of it, is not read. */
export function refuseUnsettled(handle: SourceHandle, file: SourceFile): void {
  if (!sameFile(handle.opened, file.identity))
    throw new SluiceError('FILE_CHANGED', { file: file.displayPath });
  if (file.waitingFor === null) return;
  throw new SluiceError('FILE_INCOMPLETE', { file: file.displayPath, reason: file.waitingFor });
}
