import { createHash } from 'node:crypto';
import { SluiceError } from '../errors.ts';
import { SourceHandle } from '../formats/file-handle.ts';
import { readUnchanged } from '../formats/read-unchanged.ts';
import { findPublishedContent } from '../ledger/published.ts';
import type { RunningFile } from '../ledger/runs.ts';
import type { SourceFile } from '../ledger/source-file.ts';
import { Batches } from './batches.ts';
import type { FamiliarFile, NamedFile } from './familiar-files.ts';
import type { IdentifiedEntry } from './identify/identified.ts';
import { isSpecial } from './identify/redelivery.ts';
import type { LoadedJob } from './load/loaded.ts';
import { RunResources } from './load/run-resources.ts';
import { loadEntry, startJob } from './load-entry.ts';
import { planLoad } from './plan/plan-load.ts';
import { type GroupMember, publishGroup } from './publish/publish-group.ts';
import {
  datasetsOf,
  identifyFile,
  type PipelineContext,
  type RunOptions,
  refuseUnsettled,
  runPipeline,
} from './run-pipeline.ts';
import { type KnownDataset, readDataset } from './tables/known-dataset.ts';

/** Files that are read before their turn. */
const FILES_AHEAD = 64;
/** A compressed file beyond this may not be small at all. */
const MOST_COMPRESSED_BYTES = 32 * 1024;

/** What work on a group needs to know besides. */
export interface GroupOptions extends RunOptions {
  /** Told of files whose rows are published, before the whole group has ended. */
  onPublished(files: readonly SourceFile[]): void;
}

/**
 * Takes files through all stages. Several small ones of one dataset that change nothing about it are published
 * together; every other file, and every file that is in any way special, goes through by itself. Gives what went
 * wrong, by file id.
 */
export async function runGroup(
  context: PipelineContext,
  items: readonly RunningFile[],
  options: GroupOptions,
): Promise<Map<number, unknown>> {
  const batches: Batches<Prepared> = new Batches(
    (batch) => publishBatch(group, batch),
    () => group.current !== null && options.alive([group.current]),
  );
  const group: Group = {
    ...{ context, options, batches, failures: new Map(), known: new Map(), waiting: new Set() },
    current: null,
  };
  if (items.length === 1) await runAlone(group, items);
  else {
    try {
      for (const { item, read } of readAhead(group, items)) await collect(group, item, read);
      await batches.finish();
    } finally {
      // What is being published ends before this does, also when something else has gone wrong.
      await batches.settle().catch(() => {});
    }
  }
  return group.failures;
}

/** Several files are read while others are worked on: one at a time, most of the time would go into waiting. */
function* readAhead(group: Group, items: readonly RunningFile[]) {
  const reading: Promise<NamedFile | null>[] = [];
  for (const [at, item] of items.entries()) {
    // Many at once, for threads that have work do not have to be woken.
    if (reading.length - at < FILES_AHEAD / 2) {
      for (const next of items.slice(reading.length, at + FILES_AHEAD))
        reading.push(startReading(group, next));
    }
    yield { item, read: reading[at] as Promise<NamedFile | null> };
    reading[at] = NOTHING;
  }
}

const NOTHING: Promise<null> = Promise.resolve(null);

function startReading(group: Group, item: RunningFile): Promise<NamedFile | null> {
  const read = readNamed(group, item);
  // A failure is raised to whoever takes the file; here it must only not count as unhandled.
  read.catch(() => {});
  return read;
}

/** The bytes of a file that may be familiar; null for any other. */
async function readNamed({ context, options }: Group, { file }: RunningFile): Promise<NamedFile | null> {
  const named = context.familiar.named(file);
  if (named === null || options.signal.aborted) return null;
  const bytes = file.waitingFor === null ? await readUnchanged(file.path, file.identity) : null;
  return bytes && { named, fileName: file.name, bytes };
}

interface Group {
  readonly context: PipelineContext;
  readonly options: GroupOptions;
  readonly failures: Map<number, unknown>;
  /** Datasets as they were read last. */
  readonly known: Map<string, KnownDataset | null>;
  readonly batches: Batches<Prepared>;
  /** The file that is read or waited for. */
  current: SourceFile | null;
  /** Feeds of which a file will be tried again: what comes after it has to wait. */
  readonly waiting: Set<string>;
}

interface Prepared extends GroupMember {
  readonly entry: Pick<IdentifiedEntry, 'config'>;
}

function refuseStopped({ options, waiting }: Group, { file }: RunningFile): void {
  const waits = file.feed !== null && waiting.has(file.feed);
  if (options.signal.aborted || waits) throw new SluiceError('RUN_STOPPED', { file: file.displayPath });
}

function fail({ failures, waiting }: Group, { file }: RunningFile, error: unknown): void {
  failures.set(file.fileId, error);
  if (file.feed !== null && !isFinal(error)) waiting.add(file.feed);
}

/** A file that changed while it was read has to settle again, and is nothing to wait for until it has. */
function isFinal(error: unknown): boolean {
  return error instanceof SluiceError && (error.kind === 'terminal' || error.code === 'FILE_CHANGED');
}

async function runAlone(group: Group, items: readonly RunningFile[]): Promise<void> {
  const { context, options, known } = group;
  for (const { file, run } of items) {
    try {
      refuseStopped(group, { file, run });
      await runPipeline(context, file, run, options);
      options.onPublished([file]);
    } catch (error) {
      fail(group, { file, run }, error);
    }
    // It may have made its dataset, or changed it.
    known.clear();
  }
}

/** Says that work goes on; while files are being published, whether that does is what counts. */
function alive(group: Group, file: SourceFile): void {
  group.current = file;
  if (!group.batches.isPublishing) group.options.alive([file]);
}

/** Reads a file into memory and puts it with those it can be published with, or runs it at once. */
async function collect(group: Group, item: RunningFile, read: Promise<NamedFile | null>): Promise<void> {
  const { batches } = group;
  let prepared: Prepared | null;
  try {
    refuseStopped(group, item);
    alive(group, item.file);
    prepared = await prepare(group, item, await read);
  } catch (error) {
    return fail(group, item, error);
  }
  if (prepared === null) {
    await batches.publishEarlier(item.file, null);
    await batches.settle();
    return runAlone(group, [item]);
  }
  const { dataset, version } = prepared.job.plan;
  const key = JSON.stringify([dataset, version.name]);
  await batches.publishEarlier(item.file, key);
  if (!isStopped(group, item)) await batches.add(key, prepared);
}

/** Null for a file that has to go through by itself. */
async function prepare(group: Group, item: RunningFile, read: NamedFile | null): Promise<Prepared | null> {
  const { context } = group;
  const { familiar } = context;
  const found = read && familiar.recognise(read, await knownDataset(group, read.named.dataset));
  if (found !== null && !isSpecial(found.named, item.file)) return takeFamiliar(group, item, found);
  const handle = await SourceHandle.open(item.file.path, item.file.displayPath);
  handle.onRead = () => alive(group, item.file);
  try {
    refuseUnsettled(handle, item.file);
    if (context.handlers.find((handler) => handler.accepts(item.file))?.isArchive === true) return null;
    const { identified } = await identifyFile(context, handle, item.file);
    group.options.onIdentified(item, datasetsOf(identified));
    const [entry] = identified.entries;
    if (entry === undefined || entry.correction !== null) return null;
    if (isSpecial(entry, item.file)) return null;
    if (entry.compression !== 'none' && handle.opened.size > MOST_COMPRESSED_BYTES) return null;
    const prepared = await load(group, item, handle, entry);
    const known = await knownDataset(group, entry.dataset);
    // Another may have changed the dataset since it was planned.
    const isCurrent = (known?.revision ?? 0) === prepared?.job.plan.revision;
    if (prepared !== null && read !== null && isCurrent)
      familiar.learn(read, entry, prepared.job.plan, known);
    return prepared;
  } finally {
    await handle.close();
  }
}

/** A file that is written as its dataset's files are: its records need no further look. */
function takeFamiliar(group: Group, item: RunningFile, found: FamiliarFile): Prepared {
  const { context, options } = group;
  const { bytes, layout, records, named, plan } = found;
  options.onIdentified(item, [named.dataset]);
  const { head, headLines } = layout.form;
  const { rejects, ...begun } = startJob({ ...item, context, options, onStart: () => {} }, plan, named);
  rejects.head = head;
  const { ends } = records;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const body = { bytes: bytes.subarray(head.length), firstRecord: 1, firstLine: 1 + headLines, hazards: 0 };
  const loaded: LoadedJob = {
    recordsRead: ends.length,
    rowsLoaded: 0,
    rowsSkipped: 0,
    footer: null,
    fileSha256: sha256,
    contentSha256: sha256,
    bytes: bytes.length,
    segments: [],
    willMove: false,
    ...{ head, rejects },
    blocks: [{ ...body, records: ends.length }],
  };
  const sound = { layout, bytes, start: head.length, ends };
  return { ...item, job: { plan, loaded, ...begun, find: null }, entry: named, sound };
}

async function load(
  group: Group,
  item: RunningFile,
  handle: SourceHandle,
  entry: IdentifiedEntry,
): Promise<Prepared | null> {
  const { context, options } = group;
  const known = await knownDataset(group, entry.dataset);
  const { stagingSchema } = context.settings;
  const plan = planLoad({ entry, known, stagingSchema, jobNumber: 1, widened: null, taken: new Set() });
  if (plan.changesDataset || plan.isSkipped) return null;
  const work = {
    ...{ ...item, context, options, handle, signal: options.signal, lanes: context.lanes },
    resources: new RunResources(context.lanes),
    onProgress: () => {},
    onStart: () => {},
  };
  const job = await loadEntry(work, plan, entry);
  return job.loaded.segments.length > 0 ? null : { ...item, job, entry, sound: null };
}

async function knownDataset(group: Group, dataset: string): Promise<KnownDataset | null> {
  const cached = group.known.get(dataset);
  if (cached !== undefined) return cached;
  const known = await readDataset(group.context.pool, dataset);
  group.known.set(dataset, known);
  return known;
}

async function publishBatch(group: Group, prepared: readonly Prepared[]): Promise<void> {
  // Since they were put together, one before them may have failed.
  const batch = prepared.filter((member) => !isStopped(group, member));
  if (batch.length === 0) return;
  const published = await publishTogether(group, batch);
  group.options.onPublished(batch.flatMap((member) => (published.has(member) ? [member.file] : [])));
  await runAlone(
    group,
    batch.filter((member) => !published.has(member)),
  );
}

/** Those that got through. Whatever keeps another from it, that meets it again by itself, and there it is reported. */
async function publishTogether(group: Group, batch: readonly Prepared[]): Promise<ReadonlySet<GroupMember>> {
  const { context, options } = group;
  options.alive(batch.map((member) => member.file));
  try {
    const members = options.again ? batch : await withoutTwins(group, batch);
    const refused = new Set(await publishGroup({ pool: context.pool, members, signal: options.signal }));
    return new Set(members.filter((member) => !refused.has(member)));
  } catch {
    return new Set();
  }
}

function isStopped(group: Group, item: RunningFile): boolean {
  try {
    refuseStopped(group, item);
    return false;
  } catch (error) {
    fail(group, item, error);
    return true;
  }
}

/** Leaves out content that has been published already, and the second of two alike. */
async function withoutTwins(group: Group, batch: readonly Prepared[]): Promise<Prepared[]> {
  const hashes = batch.map((member) => member.job.loaded.contentSha256);
  const published = await findPublishedContent(group.context.pool, hashes);
  const seen = new Set(published);
  return batch.filter(({ job }) => {
    const isFirst = !seen.has(job.loaded.contentSha256);
    seen.add(job.loaded.contentSha256);
    return isFirst;
  });
}
