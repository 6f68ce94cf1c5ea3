import PQueue from 'p-queue';
import { hasCode, SluiceError } from '../errors.ts';
import { clearUnpublished } from '../ledger/load-jobs.ts';
import type { Redelivery } from '../ledger/redelivery.ts';
import { recordStage } from '../ledger/runs.ts';
import { stepDone } from '../steps.ts';
import { TypeContradiction } from './copy/contradiction.ts';
import { activeEntries, dropLoaded, type EntryState, type RunWork } from './entry-state.ts';
import { refuseSameArchive, refuseTwin } from './identify/find-twin.ts';
import { recogniseDelivery } from './identify/redelivery.ts';
import { BLOCK_BYTES } from './load/load-job.ts';
import { surveyTypes } from './load/survey.ts';
import { type EntryWork, loadEntry } from './load-entry.ts';
import type { LoadPlan } from './plan/run-plan.ts';
import { planEntry } from './plan-entry.ts';
import { RunChecks } from './publish/check-rows.ts';
import { EntriesRefused, publishRun, type RunJob } from './publish/publish-run.ts';
import {
  isAgain,
  refuseNothingLeft,
  setAside,
  setAsideDuplicates,
  setAsideUnidentified,
  standsAlone,
} from './set-aside.ts';
import { datasetAfter } from './tables/dataset-after.ts';
import { fitSegments } from './tables/fit-segments.ts';
import { type KnownDataset, readDataset } from './tables/known-dataset.ts';
import { costsOf, widenedText } from './tables/rewrite-cost.ts';
import { dropUnpublished } from './tables/segments.ts';

/** Plans, loads and publishes the entries of a file. When it rejects, nothing is left of them. */
export async function runEntries(work: RunWork): Promise<void> {
  const { context, run } = work;
  try {
    if (run.attempt > 1) {
      await clearUnpublished(context.pool, run.runId);
      await dropUnpublished(context.pool, context.settings.stagingSchema, run.runId);
    }
    await setAsideUnidentified(work);
    while (!(await tryOnce(work)));
  } catch (error) {
    // Best effort: the next attempt finds what is left, or the sweep when the database answers again.
    for (const entry of work.entries) await dropLoaded(work, entry).catch(() => {});
    throw error;
  }
}

/**
 * False when it has to be done again: with wider types, on a dataset that has changed, or without an entry that was set
 * aside. What is loaded stays, where it still fits.
 */
async function tryOnce(work: RunWork): Promise<boolean> {
  const { context, file, run, identified } = work;
  if (work.options.signal.aborted) throw new SluiceError('RUN_STOPPED', { file: file.displayPath });
  await recognise(work);
  await planEntries(work);
  await recordStage(context.pool, file, run, { status: 'planned' });
  stepDone('load planned', file.displayPath);
  await loadEntries(work);
  if (await surveyContradicted(work)) return false;
  if (await setAsideDuplicates(work)) return false;
  refuseNothingLeft(work);
  const sha256 = identified.archiveSha256 ?? work.entries[0]?.job?.loaded.fileSha256 ?? null;
  await recordStage(context.pool, file, run, { status: 'loaded', sha256 });
  stepDone('file loaded', file.displayPath);
  return publishEntries(work);
}

/** Before any work is done on it: what the file is to those published before, and whether it is one of them. */
async function recognise(work: RunWork): Promise<void> {
  const { context, file, run, handle, identified } = work;
  const { pool } = context;
  const entries = activeEntries(work).map((entry) => entry.identified);
  work.redelivery = await recogniseDelivery(pool, handle, { file, run }, entries);
  const fresh = entries.filter((entry) => !isAgain(work, entry));
  const { runs } = work.redelivery;
  if (fresh.length === identified.entries.length)
    await refuseSameArchive(pool, identified, file.displayPath, runs);
  if (identified.archiveSha256 !== null) return;
  for (const entry of fresh) await refuseTwin(pool, handle, entry, runs);
}

/** Each entry is planned on its dataset as the entries before it will leave it, as if they had come one by one. */
async function planEntries(work: RunWork): Promise<void> {
  const { pool, settings } = work.context;
  const known = new Map<string, KnownDataset | null>();
  for (const entry of activeEntries(work)) {
    const { dataset } = entry.identified;
    const before = known.get(dataset);
    const current = before === undefined ? await readDataset(pool, dataset) : before;
    known.set(dataset, current);
    try {
      const plan = await planEntry(pool, {
        entry: entry.identified,
        known: current,
        stagingSchema: settings.stagingSchema,
        jobNumber: entry.number,
        widened: entry.widened,
      });
      known.set(dataset, datasetAfter(current, plan));
      await adopt(work, entry, plan);
    } catch (error) {
      await setAside(work, entry, error);
    }
  }
  work.stale.clear();
}

/** What is loaded already is made to fit the new plan, or dropped when it would have to be read anew. */
async function adopt(work: RunWork, entry: EntryState, plan: LoadPlan): Promise<void> {
  const { job } = entry;
  entry.plan = plan;
  if (job === null) return;
  // The same revision: somebody altered the tables themselves, and only a new reading fits them.
  const altered = work.stale.has(plan.dataset) && plan.revision === job.plan.revision;
  const statements = altered ? null : fitSegments(job.plan, plan, job.loaded.segments);
  if (statements === null) return dropLoaded(work, entry);
  for (const statement of statements) await work.context.pool.query(statement);
  entry.job = { ...job, plan };
}

/** Loads what is not loaded yet, several entries at a time where the archive allows it. */
async function loadEntries(work: RunWork): Promise<void> {
  const { options, file, resources, identified } = work;
  const missing = activeEntries(work).filter((entry) => entry.job === null);
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const progress = sumOfProgress(work);
  const errors: unknown[] = [];
  const queue = new PQueue({ concurrency: identified.anyOrder ? resources.lanes : 1 });
  await queue.addAll(
    missing.map((entry) => async () => {
      if (signal.aborted) return;
      try {
        await loadOne(work, entry, {
          signal,
          lanes: lanesFor(entry, missing, work),
          onProgress: progress(entry),
        });
      } catch (error) {
        errors.push(error);
        failure.abort();
      }
    }),
  );
  if (errors.length > 0) throw errors[0];
  if (options.signal.aborted) throw new SluiceError('RUN_STOPPED', { file: file.displayPath });
}

async function loadOne(
  work: RunWork,
  entry: EntryState,
  how: Pick<EntryWork, 'signal' | 'lanes' | 'onProgress'>,
): Promise<void> {
  const onStart: EntryWork['onStart'] = (rejects, note) => {
    entry.collected = { rejects, note };
  };
  try {
    entry.job = await loadEntry({ ...work, ...how, onStart }, entry.plan as LoadPlan, entry.identified);
  } catch (error) {
    if (error instanceof TypeContradiction) entry.contradicted = true;
    else await setAside(work, entry, error);
  }
}

/** A large entry gets the connections that are its part of the whole, at least one. */
function lanesFor(entry: EntryState, missing: readonly EntryState[], work: RunWork): number {
  const { lanes } = work.resources;
  const { size } = entry.identified;
  if (missing.length === 1 || size === null || !work.identified.anyOrder) return lanes;
  const total = missing.reduce((sum, one) => sum + (one.identified.size ?? 0), 0);
  return Math.max(1, Math.min(lanes, Math.round((lanes * size) / Math.max(1, total))));
}

/** Progress of the file: what has been read for all of its entries. */
function sumOfProgress(work: RunWork): (entry: EntryState) => (position: number) => void {
  const report = work.options.progressOf(work.file);
  const positions = new Map<number, number>();
  let sum = 0;
  return (entry) => (position) => {
    sum += position - (positions.get(entry.number) ?? 0);
    positions.set(entry.number, position);
    work.options.alive([work.file]);
    const size = work.handle?.size ?? null;
    report(size === null ? sum : Math.min(sum, size), size);
  };
}

/** Finds types that hold every value of an entry; the load that starts over with them is not contradicted again. */
async function surveyContradicted(work: RunWork): Promise<boolean> {
  const { maxRecordBytes } = work.context.settings;
  const contradicted = activeEntries(work).filter((entry) => entry.contradicted);
  for (const entry of contradicted) {
    stepDone('type contradicted', entry.identified.title);
    if (entry.widened !== null) throw new Error(`job ${entry.number} was contradicted after a survey`);
    await dropLoaded(work, entry);
    const opened = entry.identified.open();
    const reading = { blockBytes: BLOCK_BYTES, maxRecordBytes };
    try {
      entry.widened = await surveyTypes(entry.plan as LoadPlan, opened, reading);
      entry.contradicted = false;
      stepDone('file surveyed', entry.identified.title);
    } catch (error) {
      await setAside(work, entry, error);
    }
  }
  return contradicted.length > 0;
}

async function publishEntries(work: RunWork): Promise<boolean> {
  const { context, file, run, options, identified } = work;
  const jobs = activeEntries(work).flatMap((entry) =>
    entry.job === null
      ? []
      : [
          {
            ...entry.job,
            standsAlone: standsAlone(work, entry),
            checks: entry.identified.config?.checks ?? [],
          },
        ],
  );
  const archive = identified.archiveSha256;
  const whole = archive === null ? null : { sha256: archive, bytes: work.handle?.size ?? 0 };
  const checked = new RunChecks(context.settings.dwSchema);
  await announceRewrites(work, jobs);
  options.alive([file], mayTakeLong(jobs) || replacesRows(work.redelivery));
  try {
    await publishRun({
      ...{
        pool: context.pool,
        file,
        run,
        jobs,
        whole,
        redelivery: work.redelivery,
        checked,
        signal: options.signal,
      },
    });
    stepDone('run published', file.displayPath);
    return true;
  } catch (error) {
    if (error instanceof EntriesRefused) await checked.save(context.pool, run.runId);
    return repair(work, error);
  }
}

/** Before anything is done: how much Postgres has to write anew for the wider types that the contract allows. */
async function announceRewrites({ context, file, options }: RunWork, jobs: readonly RunJob[]): Promise<void> {
  for (const { plan } of jobs) {
    for (const { change, cost } of await costsOf(context.pool, plan))
      if (cost !== null) options.forewarn(`${file.displayPath}: ${widenedText(change, cost)}`);
  }
}

/** Postgres writes every row of a table anew that gets a wider type or has keys, as it reads every row for a check, and tells nobody how far it is. */
function mayTakeLong(jobs: readonly RunJob[]): boolean {
  return jobs.some(
    ({ plan, loaded, checks }) =>
      checks.length > 0 || loaded.willMove || plan.changes.some(({ kind }) => kind === 'widenType'),
  );
}

function replacesRows({ runs, supersedes }: Redelivery): boolean {
  return runs.length > 0 || supersedes.length > 0;
}

/** False when there is a way out: what stood in it is out of the way, and the rest is published anew. */
async function repair(work: RunWork, error: unknown): Promise<false> {
  if (error instanceof EntriesRefused) {
    for (const { jobNumber, reason } of error.refused) await setAside(work, entryOf(work, jobNumber), reason);
    return false;
  }
  if (error instanceof TypeContradiction) {
    entryOf(work, error.jobNumber).contradicted = true;
    await surveyContradicted(work);
    return false;
  }
  // The ledger's index says only that there is a twin, for it was published a moment ago; now it can be named.
  if (hasCode(error, 'ALREADY_PUBLISHED') && (await setAsideDuplicates(work))) return false;
  if (!hasCode(error, 'PLAN_STALE')) throw error;
  work.stale.add(String(error.facts['dataset']));
  return false;
}

function entryOf(work: RunWork, jobNumber: number): EntryState {
  return work.entries[jobNumber - 1] as EntryState;
}
