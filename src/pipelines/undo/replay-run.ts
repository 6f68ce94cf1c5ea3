import type { Pool } from 'pg';
import { SluiceError } from '../../errors.ts';
import { type RunState, readRun } from '../../ledger/find-run.ts';
import { keptSource, registerReplay } from '../../ledger/kept-files.ts';
import { stepDone } from '../../steps.ts';
import { identifyKept } from './kept-file.ts';

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
  const identity = await identifyKept(source, run.runId);
  const fileId = await registerReplay(pool, run.runId, source, identity);
  stepDone('replay queued', run.fileName);
  return fileId;
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
