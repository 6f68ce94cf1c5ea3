import { lstat } from 'node:fs/promises';
import type { Pool } from 'pg';
import { SluiceError } from '../../errors.ts';
import { SourceHandle } from '../../formats/file-handle.ts';
import { hashPrefixes } from '../../formats/hash-prefixes.ts';
import { type RunState, readRun } from '../../ledger/find-run.ts';
import { type KeptSource, keptSource, registerReplay } from '../../ledger/kept-files.ts';
import { stepDone } from '../../steps.ts';

/** States of a run whose kept file may be loaded again. */
const REPLAYABLE = new Set(['published', 'failed', 'retracted', 'superseded', 'discarded']);

/**
 * Puts the kept source file of a finished run in the queue, as a delivery that takes the run's place in the transaction that
 * publishes it. Gives the id of the file that now waits.
 *
 * @throws RUN_WAS_PULLED when there never was a file; KEPT_FILE_MISSING, KEPT_FILE_REMOVED, KEPT_FILE_CHANGED when it is not what the run has read
 */
export async function queueReplay(pool: Pool, run: RunState): Promise<number> {
  await refuseUnreplayable(pool, run);
  const source = await keptSource(pool, run.runId);
  if (source === null) throw new SluiceError('RUN_UNKNOWN', { what: `number ${run.runId}` });
  const { path, displayPath, removedAt } = source;
  if (source.origin === 'pull')
    throw new SluiceError('RUN_WAS_PULLED', { run: run.runId, file: displayPath });
  const there = await lstat(path).catch(() => null);
  if (there === null && removedAt !== null) {
    const date = removedAt.toISOString().slice(0, 10);
    throw new SluiceError('KEPT_FILE_REMOVED', { run: run.runId, path: displayPath, date });
  }
  if (there === null) throw new SluiceError('KEPT_FILE_MISSING', { run: run.runId, path: displayPath });
  const handle = await SourceHandle.open(path, displayPath);
  try {
    await refuseChanged(handle, source, run);
    const fileId = await registerReplay(pool, run.runId, source, handle.opened);
    stepDone('replay queued', run.fileName);
    return fileId;
  } finally {
    await handle.close();
  }
}

async function refuseUnreplayable(pool: Pool, run: RunState): Promise<void> {
  const { runId, fileName: file, status, corrects, supersededBy } = run;
  const facts = { run: runId, file, status };
  if (corrects !== null) throw new SluiceError('RUN_IS_CORRECTION', { ...facts, corrects });
  if (!REPLAYABLE.has(status)) throw new SluiceError('RUN_NOT_REPLAYABLE', facts);
  const successor = supersededBy === null ? null : await readRun(pool, supersededBy);
  if (successor?.status === 'published' || successor?.status === 'superseded') {
    throw new SluiceError('RUN_SUPERSEDED', { ...facts, by: supersededBy });
  }
}

async function refuseChanged(handle: SourceHandle, source: KeptSource, run: RunState): Promise<void> {
  const facts = { run: run.runId, path: source.displayPath };
  const { size } = handle.opened;
  if (size !== source.size) {
    throw new SluiceError('KEPT_FILE_CHANGED', { ...facts, reason: `${size} bytes, not ${source.size}` });
  }
  const found = source.sha256 === null ? null : (await hashPrefixes(handle, [size])).get(size);
  if (found === source.sha256) return;
  throw new SluiceError('KEPT_FILE_CHANGED', { ...facts, reason: 'its SHA-256 differs' });
}
