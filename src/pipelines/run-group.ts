import { SluiceError } from '../errors.ts';
import { SourceHandle } from '../formats/file-handle.ts';
import { findPublishedContent } from '../ledger/published.ts';
import type { RunningFile } from '../ledger/runs.ts';
import type { IdentifiedEntry } from './identify/identified.ts';
import { isSpecial } from './identify/redelivery.ts';
import { RunResources } from './load/run-resources.ts';
import { loadEntry } from './load-entry.ts';
import { planLoad } from './plan/plan-load.ts';
import { type GroupMember, publishGroup } from './publish/publish-group.ts';
import {
  identifyFile,
  type PipelineContext,
  type RunOptions,
  refuseUnsettled,
  runPipeline,
} from './run-pipeline.ts';
import { type KnownDataset, readDataset } from './tables/known-dataset.ts';

/** Bytes of inflated records that are kept in memory before what there is is published. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** A compressed file beyond this may not be small at all. */
const MOST_COMPRESSED_BYTES = 32 * 1024;

/**
 * Takes files through all stages. Several small ones of one dataset that change nothing about it are published
 * together; every other file, and every file that is in any way special, goes through by itself. Gives what went
 * wrong, by file id.
 */
export async function runGroup(
  context: PipelineContext,
  items: readonly RunningFile[],
  options: RunOptions,
): Promise<Map<number, unknown>> {
  const failures = new Map<number, unknown>();
  const group: Group = { context, options, failures, known: new Map(), batches: new Map(), batchBytes: 0 };
  if (items.length === 1) await runAlone(group, items);
  else {
    for (const item of items) {
      await collect(group, item);
      if (group.batchBytes > BATCH_BYTES) await publishBatches(group);
    }
    await publishBatches(group);
  }
  return failures;
}

interface Group {
  readonly context: PipelineContext;
  readonly options: RunOptions;
  readonly failures: Map<number, unknown>;
  /** Datasets as they were read last. */
  readonly known: Map<string, KnownDataset | null>;
  /** Files in memory, with those they can be published with. */
  readonly batches: Map<string, Prepared[]>;
  batchBytes: number;
}

interface Prepared extends GroupMember {
  readonly entry: IdentifiedEntry;
}

function refuseStopped({ options }: Group, { file }: RunningFile): void {
  if (options.signal.aborted) throw new SluiceError('RUN_STOPPED', { file: file.displayPath });
}

async function runAlone(group: Group, items: readonly RunningFile[]): Promise<void> {
  const { context, options, failures } = group;
  for (const { file, run } of items) {
    try {
      refuseStopped(group, { file, run });
      await runPipeline(context, file, run, options);
    } catch (error) {
      failures.set(file.fileId, error);
    }
  }
}

/** Reads a file into memory and puts it with those it can be published with, or runs it at once. */
async function collect(group: Group, item: RunningFile): Promise<void> {
  try {
    refuseStopped(group, item);
    const prepared = await prepare(group, item);
    if (prepared === null) {
      await runAlone(group, [item]);
      // It may have made its dataset, or changed it.
      group.known.clear();
      return;
    }
    const { dataset, version } = prepared.job.plan;
    const key = JSON.stringify([dataset, version.name]);
    group.batches.set(key, [...(group.batches.get(key) ?? []), prepared]);
    for (const block of prepared.job.loaded.blocks) group.batchBytes += block.bytes.length;
  } catch (error) {
    group.failures.set(item.file.fileId, error);
  }
}

/** Null for a file that has to go through by itself. */
async function prepare(group: Group, item: RunningFile): Promise<Prepared | null> {
  const { context, options } = group;
  options.alive([item.file]);
  const handle = await SourceHandle.open(item.file.path, item.file.displayPath);
  handle.onRead = () => options.alive([item.file]);
  try {
    refuseUnsettled(handle, item.file);
    if (context.handlers.find((handler) => handler.accepts(item.file))?.isArchive === true) return null;
    const { identified } = await identifyFile(context, handle, item.file);
    const [entry] = identified.entries;
    if (entry === undefined || entry.correction !== null) return null;
    if (isSpecial(entry, item.file)) return null;
    if (entry.compression === 'gzip' && handle.opened.size > MOST_COMPRESSED_BYTES) return null;
    return await load(group, item, handle, entry);
  } finally {
    await handle.close();
  }
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
  const plan = planLoad({ entry, known, stagingSchema, jobNumber: 1, widened: null });
  if (plan.ddl.length > 0) return null;
  const work = {
    ...{ ...item, context, options, handle, signal: options.signal, lanes: context.lanes },
    resources: new RunResources(context.lanes),
    onProgress: () => {},
    onStart: () => {},
  };
  const job = await loadEntry(work, plan, entry);
  return job.loaded.segments.length > 0 ? null : { ...item, job, entry };
}

async function knownDataset(group: Group, dataset: string): Promise<KnownDataset | null> {
  const cached = group.known.get(dataset);
  if (cached !== undefined) return cached;
  const known = await readDataset(group.context.pool, dataset);
  group.known.set(dataset, known);
  return known;
}

async function publishBatches(group: Group): Promise<void> {
  for (const batch of group.batches.values()) await publishBatch(group, batch);
  group.batches.clear();
  group.batchBytes = 0;
}

async function publishBatch(group: Group, batch: readonly Prepared[]): Promise<void> {
  const { context, options } = group;
  const members = options.again ? batch : await withoutTwins(group, batch);
  const together = new Set(members);
  const alone: RunningFile[] = batch.filter((member) => !together.has(member));
  options.alive(members.map((member) => member.file));
  try {
    alone.push(...(await publishGroup({ pool: context.pool, members, signal: options.signal })));
  } catch {
    // Whatever it was, each file meets it again by itself, and there it is reported.
    alone.push(...members);
  }
  await runAlone(group, alone);
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
