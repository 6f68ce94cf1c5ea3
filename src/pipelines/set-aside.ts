import type { ArchivePolicy, DatasetConfig } from '../config/define.ts';
import { hasCode, SluiceError } from '../errors.ts';
import { type LoadJobEntry, saveLoadJob } from '../ledger/load-jobs.ts';
import { findPublishedContent } from '../ledger/published.ts';
import { activeEntries, dropLoaded, type EntryState, type RunWork } from './entry-state.ts';
import { refusePublished } from './identify/find-twin.ts';
import type { IdentifiedEntry } from './identify/identified.ts';
import { isLoadedAgain } from './identify/redelivery.ts';

/** What concerns the whole file, or passes by itself, is never one entry's failure. */
const OF_THE_RUN = new Set([
  'FILE_CHANGED',
  'FILE_VANISHED',
  'RUN_STOPPED',
  'RUN_TAKEN_OVER',
  'PLAN_STALE',
  'CHECK_HELD',
]);

/** True when an error says something about one entry, and about nothing else. */
export function concernsEntry(error: unknown): error is SluiceError {
  return error instanceof SluiceError && error.kind === 'terminal' && !OF_THE_RUN.has(error.code);
}

export function policyFor(work: RunWork, config: DatasetConfig | null): ArchivePolicy {
  return config?.archive ?? work.context.settings.archive;
}

/** True when a bad entry does not stop the others. */
export function standsAlone(work: RunWork, { identified }: EntryState): boolean {
  return identified.entryName !== null && policyFor(work, identified.config) === 'per-entry';
}

/** Entries that were refused when the archive was listed: each ends its run, or only itself. */
export async function setAsideUnidentified(work: RunWork): Promise<void> {
  for (const { entryName, config, error } of work.identified.failed) {
    await saveFailed(work, blankNote(work, entryName), error);
    if (policyFor(work, config) === 'all-or-nothing') throw error;
  }
}

/** An error while an entry was planned, loaded or published: thrown, unless it is the entry's own and the others go on. */
export async function setAside(work: RunWork, entry: EntryState, error: unknown): Promise<void> {
  if (!concernsEntry(error)) throw error;
  await noteFailure(work, entry, error);
  if (!standsAlone(work, entry)) throw error;
  entry.setAside = error;
}

async function noteFailure(work: RunWork, entry: EntryState, error: SluiceError): Promise<void> {
  const { collected, identified } = entry;
  const overLimit = error.code === 'REJECT_LIMIT_EXCEEDED';
  if (collected !== null && overLimit) await keepRejects(work, collected, error);
  else if (identified.entryName !== null)
    await saveFailed(work, blankNote(work, identified.entryName), error);
  if (overLimit) entry.collected = null;
  await dropLoaded(work, entry);
}

/** A load that fails over its rejects still lists those it found. */
async function keepRejects(
  work: RunWork,
  { rejects, note }: NonNullable<EntryState['collected']>,
  error: SluiceError,
): Promise<void> {
  await rejects.flush();
  const { count: rowsRejected, owner, head } = rejects;
  const failed = { ...note, head, recordsRead: rowsRejected, rowsRejected };
  await saveFailed(work, failed, error, owner?.loadId ?? null);
}

async function saveFailed(
  work: RunWork,
  note: LoadJobEntry,
  error: SluiceError,
  loadId: number | null = null,
): Promise<void> {
  const { code, message } = error;
  await saveLoadJob(work.context.pool, loadId, { ...note, status: 'failed', error: { code, message } });
}

/** Nothing but the name is known of it. */
function blankNote({ run, file, options }: RunWork, entryName: string): LoadJobEntry {
  return {
    ...{ runId: run.runId, fileId: file.fileId, entryName, datasetId: null, versionId: null },
    ...{
      contentSha256: null,
      status: 'failed',
      recordsRead: 0,
      rowsLoaded: 0,
      rowsRejected: 0,
      rowsSkipped: 0,
      footer: null,
    },
    ...{
      startedAt: new Date(),
      dialect: null,
      described: null,
      head: Buffer.alloc(0),
      segments: [],
      discarded: [],
      again: options.again,
    },
  };
}

/**
 * Sets aside entries whose content has been published before, or comes a second time for its dataset. True when there
 * were any. A plain file that is a duplicate ends its run.
 */
export async function setAsideDuplicates(work: RunWork): Promise<boolean> {
  const loaded = activeEntries(work).filter((entry) => !isAgain(work, entry.identified));
  const hashes = loaded.map((entry) => entry.job?.loaded.contentSha256 ?? '');
  const published = new Set(await findPublishedContent(work.context.pool, hashes));
  const earlier = new Map<string, EntryState[]>();
  let found = false;
  for (const [at, entry] of loaded.entries()) {
    const sha256 = hashes[at] as string;
    const twins = earlier.get(sha256) ?? [];
    const twin = twins.find((one) => isTwin(entry, one));
    const error =
      twin !== undefined
        ? twinError(work, entry, twin, sha256)
        : published.has(sha256)
          ? await publishedError(work, entry, sha256)
          : null;
    if (error === null) earlier.set(sha256, [...twins, entry]);
    else {
      await setAsideDuplicate(work, entry, error);
      found = true;
    }
  }
  return found;
}

/** What is packed together under two names is meant to be two tables, though they be equal; only in one dataset the rows would come twice. */
function isTwin(entry: EntryState, earlier: EntryState): boolean {
  return entry.identified.dataset === earlier.identified.dataset;
}

function twinError(work: RunWork, entry: EntryState, twin: EntryState, sha256: string): SluiceError {
  const { title: original, dataset } = twin.identified;
  const facts = { file: entry.identified.title, original, run: work.run.runId, dataset, sha256 };
  return new SluiceError('ALREADY_PUBLISHED', facts);
}

async function publishedError(
  work: RunWork,
  { identified }: EntryState,
  sha256: string,
): Promise<SluiceError | null> {
  try {
    await refusePublished(work.context.pool, sha256, identified, work.redelivery.runs);
    return null;
  } catch (error) {
    if (hasCode(error, 'ALREADY_PUBLISHED') && identified.entryName !== null) return error;
    throw error;
  }
}

async function setAsideDuplicate(work: RunWork, entry: EntryState, error: SluiceError): Promise<void> {
  const note = entry.collected?.note ?? blankNote(work, entry.identified.entryName ?? '');
  const recordsRead = entry.job?.loaded.recordsRead ?? 0;
  const contentSha256 = entry.job?.loaded.contentSha256 ?? null;
  await dropLoaded(work, entry);
  const { code, message } = error;
  await saveLoadJob(work.context.pool, null, {
    ...note,
    ...{ status: 'duplicate', recordsRead, contentSha256, error: { code, message } },
  });
  entry.setAside = error;
}

/** True when content that has been published is to be published once more. */
export function isAgain(
  { options }: Pick<RunWork, 'options'>,
  entry: Pick<IdentifiedEntry, 'config'>,
): boolean {
  return options.again || isLoadedAgain(entry);
}

/** An archive of which nothing is left fails with the first failure, or is a duplicate as a whole. */
export function refuseNothingLeft(work: RunWork): void {
  if (activeEntries(work).length > 0) return;
  const errors = [
    ...work.identified.failed.map(({ error }) => error),
    ...work.entries.map((entry) => entry.setAside as SluiceError),
  ];
  const failure = errors.find((error) => error.code !== 'ALREADY_PUBLISHED');
  if (failure !== undefined) throw failure;
  const { original, run, dataset } = errors[0]?.facts ?? {};
  const facts = {
    file: work.file.displayPath,
    original,
    run,
    dataset,
    sha256: work.identified.archiveSha256,
  };
  throw new SluiceError('ALREADY_PUBLISHED', facts);
}
