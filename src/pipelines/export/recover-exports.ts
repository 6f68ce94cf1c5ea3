import type { Pool } from 'pg';
import { inTransaction } from '../../db/transaction.ts';
import { SluiceError } from '../../errors.ts';
import { noteLost, notePending, readComplete, readUnfinished } from '../../ledger/export-increments.ts';
import type { ExportSettings } from './export-job.ts';
import { holding, lockOfExport, tryLock } from './holding.ts';
import { placeRecorded } from './place-file.ts';
import { sweepTemporaries } from './sweep-temporaries.ts';

/**
 * Clears up what a crash left of an export between a complete file and the note that it is there. The caller has the
 * export's lock. A file that has gone is told of: its rows come again.
 */
export async function finishComplete(
  pool: Pool,
  exportId: number,
  name: string,
  onWarning: (problem: SluiceError) => void,
): Promise<void> {
  for (const { id, pending, ...recorded } of await readComplete(pool, exportId)) {
    if (await placeRecorded(recorded, pending.manifest)) {
      await inTransaction(pool, (client) => notePending(client, exportId, id, pending));
      continue;
    }
    const problem = new SluiceError('EXPORT_LOST', { export: name, file: recorded.file });
    await noteLost(pool, id, problem.code, problem.message);
    onWarning(problem);
  }
}

/** After a start: clears up what a crash left of any export, the files that it left half written included. */
export async function recoverExports(
  pool: Pool,
  settings: ExportSettings,
  onWarning: (problem: SluiceError) => void,
): Promise<void> {
  await holding(pool, async (session) => {
    await sweepTemporaries(session, settings);
    for (const { exportId, name } of await readUnfinished(session)) {
      // Another process is at it, and clears up itself.
      if (!(await tryLock(session, lockOfExport(name)))) continue;
      await finishComplete(pool, exportId, name, onWarning);
    }
  });
}
