import type { Pool } from 'pg';
import type { Settings } from '../../config/settings.ts';
import { SluiceError } from '../../errors.ts';
import { type Block, BlockReader } from '../../formats/delimited/block-reader.ts';
import { asRead, originalHead } from '../../formats/delimited/utf16-source.ts';
import type { SourceHandle } from '../../formats/file-handle.ts';
import type { Run } from '../../ledger/runs.ts';
import { stepDone } from '../../steps.ts';
import { type CopyJob, copyJob } from '../copy/copy-job.ts';
import type { OpenedEntry } from '../identify/identified.ts';
import type { LoadPlan, TableName } from '../plan/run-plan.ts';
import { hasKeys } from '../tables/constraints.ts';
import { dropSegments, segmentName } from '../tables/segments.ts';
import { BlockQueue } from './block-queue.ts';
import { evidenceOf } from './evidence.ts';
import { Lane } from './lane.ts';
import type { LoadedJob } from './loaded.ts';
import type { RejectRecorder } from './reject-recorder.ts';
import type { RunResources } from './run-resources.ts';

/** Bytes of whole records that go to COPY at once; measured: larger blocks gain nothing. */
export const BLOCK_BYTES = 4 * 1024 * 1024;

export interface LoadContext {
  readonly pool: Pool;
  readonly settings: Settings;
  readonly run: Run;
  /** Collects what is rejected. */
  readonly rejects: RejectRecorder;
  /** Connections for this load, when it is large. */
  readonly lanes: number;
  /** What it shares with the other loads of its run. */
  readonly resources: RunResources;
  /** Ends the load promptly. */
  readonly signal: AbortSignal;
  /** Told after each block: bytes of the source file read so far. */
  onProgress(position: number): void;
}

/**
 * Reads one load job from start to end. Up to one block stays in memory, for publish to copy; more goes through
 * lanes into segments that are committed and that nobody can see yet. On failure nothing is left.
 */
export async function loadJob(
  context: LoadContext,
  plan: LoadPlan,
  handle: SourceHandle | null,
  opened: OpenedEntry,
): Promise<LoadedJob> {
  const job = copyJob(plan);
  const reader = new BlockReader(opened.source, {
    dialect: asRead(plan.dialect),
    columnCount: plan.columns.length,
    blockBytes: BLOCK_BYTES,
    firstBlockBytes: opened.sizeHint === null ? BLOCK_BYTES : Math.min(BLOCK_BYTES, opened.sizeHint + 1),
    maxRecordBytes: context.settings.maxRecordBytes,
    file: plan.title,
    evidence: evidenceOf(job),
  });
  try {
    const first = await firstBlocks(reader);
    stepDone('first block read', plan.title);
    context.rejects.head = originalHead(plan.dialect, reader.head);
    const loading: Loading = { context, job, handle, opened, reader };
    if (plan.isSkipped) return await skipAll(loading);
    const { resources } = context;
    if (reader.ended && resources.keep(sizeOf(first))) return await keepSmall(loading, first);
    const lanes = reader.ended ? 1 : context.lanes;
    return await resources.withLanes(lanes, () => fillSegments(loading, first, lanes));
  } finally {
    await opened.source.close();
  }
}

interface Loading {
  readonly context: LoadContext;
  readonly job: CopyJob;
  /** Null: what is read is no file. */
  readonly handle: SourceHandle | null;
  readonly opened: OpenedEntry;
  readonly reader: BlockReader;
}

/** All of a small file: one block, or a few when a quote stays open or a record is too long. The start of a large one. */
async function firstBlocks(reader: BlockReader): Promise<Block[]> {
  const blocks: Block[] = [];
  for (let bytes = 0; bytes < BLOCK_BYTES / 2 && !reader.ended; ) {
    const block = await reader.next();
    if (block === null) break;
    blocks.push(blocks.length === 0 ? block : compact(block));
    bytes += block.bytes.length;
  }
  return blocks;
}

function sizeOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + block.bytes.length, 0);
}

async function keepSmall(loading: Loading, blocks: readonly Block[]): Promise<LoadedJob> {
  await refuseChanged(loading);
  refuseMismatch(loading);
  return {
    ...resultOf(loading),
    rowsLoaded: 0,
    segments: [],
    blocks: blocks.map(compact),
    willMove: false,
  };
}

/** Counts the records, and loads none: the contract wants no new table. */
async function skipAll(loading: Loading): Promise<LoadedJob> {
  const { reader, context } = loading;
  for (let block = await reader.next(); block !== null; block = await reader.next()) {
    context.signal.throwIfAborted();
    context.onProgress(loading.opened.position());
    reader.recycle(block);
  }
  await refuseChanged(loading);
  refuseMismatch(loading);
  const result = resultOf(loading);
  return {
    ...result,
    rowsSkipped: result.recordsRead,
    rowsLoaded: 0,
    segments: [],
    blocks: [],
    willMove: false,
  };
}

/** A small block is kept for a while: not with a buffer that is mostly empty. */
function compact(block: Block): Block {
  const isLoose = block.bytes.buffer.byteLength > 2 * block.bytes.length;
  return isLoose ? { ...block, bytes: Buffer.from(block.bytes) } : block;
}

async function fillSegments(loading: Loading, first: Block[], laneCount: number): Promise<LoadedJob> {
  const { context, reader, opened } = loading;
  const failure = new AbortController();
  const signal = AbortSignal.any([failure.signal, context.signal]);
  const lanes: Lane[] = [];
  // Rejects of a correction are in the ledger already.
  if (loading.job.plan.correction === null) context.rejects.stream();
  const abort = () => {
    for (const lane of lanes) lane.abort();
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    const { version } = loading.job.plan;
    // Rows that are going to be moved are indexed where they go.
    const willMove = await hasKeys(context.pool, version);
    for (let n = 1; n <= laneCount; n++) lanes.push(await openLane(loading, n, willMove ? null : version));
    const queue = new BlockQueue(reader, first, () => context.onProgress(opened.position()));
    await Promise.all(lanes.map((lane) => lane.run(queue, signal)));
    await refuseChanged(loading);
    refuseMismatch(loading);
    const rowsLoaded = lanes.reduce((sum, lane) => sum + lane.rows, 0);
    refuseImbalance(loading, rowsLoaded);
    context.rejects.checkLimit(reader.recordsRead);
    signal.throwIfAborted();
    signal.removeEventListener('abort', abort);
    await Promise.all(lanes.map((lane) => lane.commit()));
    context.rejects.settle();
    const segments = lanes.map((lane) => lane.segment);
    return { ...resultOf(loading), rowsLoaded, segments, blocks: [], willMove };
  } catch (error) {
    failure.abort();
    await dropCommitted(loading, lanes);
    throw context.signal.aborted
      ? new SluiceError('RUN_STOPPED', { file: loading.job.plan.title }, error)
      : error;
  }
}

async function openLane(loading: Loading, number: number, indexesOf: TableName | null): Promise<Lane> {
  const { context, job } = loading;
  const { run } = context;
  const client = await context.pool.connect();
  try {
    return await Lane.open(client, job, {
      segment: segmentName(job.plan, run.runId, run.attempt, number),
      runId: job.plan.correction?.runId ?? run.runId,
      onRejects: (rejects) => context.rejects.add(rejects),
      indexesOf,
    });
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** Lanes that had committed when another failed. Best effort: the next attempt finds what is left, or a sweep. */
async function dropCommitted(loading: Loading, lanes: readonly Lane[]): Promise<void> {
  const segments = lanes.filter((lane) => lane.committed).map((lane) => lane.segment);
  await dropSegments(loading.context.pool, segments).catch(() => {});
}

function resultOf(loading: Loading) {
  const { opened, reader } = loading;
  const hashes = opened.hashes();
  // Trailer and footer were read, and are no rows.
  const rowsSkipped = (opened.trailer ? 1 : 0) + (opened.footer?.lines ?? 0);
  return {
    recordsRead: reader.recordsRead + rowsSkipped,
    rowsSkipped,
    footer: opened.footer?.text ?? null,
    head: loading.context.rejects.head,
    rejects: loading.context.rejects,
    fileSha256: hashes.file,
    contentSha256: hashes.content,
    bytes: opened.position(),
  };
}

/** I9: what changed while it was read is not published. */
async function refuseChanged(loading: Loading): Promise<void> {
  if (loading.handle === null || (await loading.handle.isUnchanged())) return;
  throw new SluiceError('FILE_CHANGED', { file: loading.job.plan.title });
}

/**
 * As many records as the file, or what lies beside it, says there are. A correction answers the open rejects one by
 * one.
 */
function refuseMismatch({ job, reader, opened }: Loading): void {
  const { correction, title } = job.plan;
  refuseMiscounted(opened, title, reader.recordsRead);
  if (correction === null || correction.records.length === reader.recordsRead) return;
  const { runId: run, records } = correction;
  throw new SluiceError('CORRECTION_MISMATCH', {
    file: title,
    read: reader.recordsRead,
    run,
    open: records.length,
  });
}

function refuseMiscounted({ trailer, expected }: OpenedEntry, file: string, read: number): void {
  if (trailer?.count === null) throw new SluiceError('TRAILER_MISSING', { file });
  const told = [trailer && { count: trailer.count ?? 0, source: 'its trailer' }, expected];
  for (const one of told) {
    if (!one || one.count === read) continue;
    throw new SluiceError('RECORD_COUNT_MISMATCH', { file, read, source: one.source, expected: one.count });
  }
}

/** I1, before anything is committed. */
function refuseImbalance(loading: Loading, loaded: number): void {
  const { context, reader, job } = loading;
  const read = reader.recordsRead;
  const rejected = context.rejects.count;
  if (read === loaded + rejected) return;
  const facts = { file: job.plan.title, read, loaded, rejected, skipped: 0 };
  throw new SluiceError('ACCOUNTING_MISMATCH', facts);
}
