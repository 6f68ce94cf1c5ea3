import path from 'node:path';
import type { Pool } from 'pg';
import { SluiceError } from '../../errors.ts';
import { findRuns, type RunState, readRun } from '../../ledger/find-run.ts';

/**
 * The run that a command names: by its number, or by the name or path of its file, which stands for the latest run of it
 * that `isWanted`. Without one, the latest of all, so that its state can be told.
 *
 * @throws RUN_UNKNOWN; RUN_AMBIGUOUS when files from different places have that name
 */
export async function resolveRun(
  pool: Pool,
  what: string,
  isWanted: (run: RunState) => boolean,
): Promise<RunState> {
  if (/^[1-9]\d{0,14}$/.test(what)) {
    const run = await readRun(pool, Number(what));
    if (run !== null) return run;
  }
  const found = await findRuns(pool, what, Buffer.from(path.resolve(what)));
  const wanted = found.filter(isWanted);
  const latest = (wanted.length > 0 ? wanted : found).at(-1);
  if (latest === undefined) throw new SluiceError('RUN_UNKNOWN', { what });
  if (new Set(wanted.map((run) => run.path)).size > 1) {
    const runs = wanted.map((run) => `${run.runId} (${run.path})`).join(', ');
    throw new SluiceError('RUN_AMBIGUOUS', { what, runs });
  }
  return latest;
}
