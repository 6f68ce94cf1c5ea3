import type { Pool } from 'pg';
import { SluiceError } from '../../errors.ts';
import type { RunState } from '../../ledger/find-run.ts';
import { keptSource, releaseHeld } from '../../ledger/kept-files.ts';
import { stepDone } from '../../steps.ts';
import { identifyKept } from './kept-file.ts';

/**
 * Puts a held file back in the queue, with what was decided about it. False when it is held no more.
 *
 * @throws KEPT_FILE_MISSING, KEPT_FILE_CHANGED when it is not what was held: then it stays held
 */
export async function releaseRun(
  pool: Pool,
  run: RunState,
  decision: 'supersede' | 'append',
): Promise<boolean> {
  const source = await keptSource(pool, run.runId);
  if (source === null) throw new SluiceError('RUN_UNKNOWN', { what: `number ${run.runId}` });
  const identity = await identifyKept(source, run.runId);
  if (!(await releaseHeld(pool, run.fileId, decision, identity))) return false;
  stepDone('delivery released', run.path);
  return true;
}
