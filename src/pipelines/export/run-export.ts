import type { Pool, PoolClient } from 'pg';
import { type ExportSources, registerExport, saveFailed, saveWritten } from '../../ledger/exports.ts';
import { temporaryOf } from '../../whole-file.ts';
import {
  type ExportJob,
  type ExportSettings,
  type ExportWork,
  exportError,
  followedBy,
  sourceOf,
} from './export-job.ts';
import { exportQuery } from './export-query.ts';
import { type ExportRequest, exportRequest } from './export-request.ts';
import type { Exported } from './exported.ts';
import { holding, lock, lockOfExport, lockOfTemporary } from './holding.ts';
import { inSnapshot } from './in-snapshot.ts';
import { placeFile } from './place-file.ts';
import { relationsRead } from './relations-read.ts';
import { sweepTemporaries } from './sweep-temporaries.ts';
import { beginReading, TEMPORARY_PREFIX, writeRows } from './write-export.ts';
import { writeIncrement } from './write-increment.ts';

/**
 * Writes one export and its manifest. Everything is read in one snapshot, in which the rows are counted once more; the
 * file takes its name when it is complete. The manifest comes last: a file without one was not finished. Exports of the
 * configuration are recorded in the ledger. Null when only what is new was to be written, and nothing is.
 *
 * Throws EXPORT_UNKNOWN, EXPORT_FAILED, EXPORT_RUNNING, EXPORT_MISCOUNTED, COMMAND_STOPPED, and errors of the database.
 */
export async function runExport(
  pool: Pool,
  settings: ExportSettings,
  job: ExportJob,
): Promise<Exported | null> {
  const { wanted } = job;
  const isRecorded = settings.exports.some(({ name }) => name === wanted.name);
  try {
    return await holding(pool, async (session) => {
      const work = { pool, session, settings, job };
      if (isRecorded) {
        await lock(session, lockOfExport(wanted.name), `export ${wanted.name}`);
        await sweepTemporaries(session, settings);
      }
      if (wanted.incremental === true) return await writeIncrement(work);
      return isRecorded ? await writeRecorded(work) : await writeUnrecorded(work);
    });
  } catch (error) {
    throw exportError(error, job);
  }
}

async function writeUnrecorded(work: ExportWork): Promise<Exported> {
  const request = exportRequest(work.job.wanted, work.settings, new Date(), null);
  const { told } = await write(work, request, async () => null);
  return told;
}

async function writeRecorded(work: ExportWork): Promise<Exported> {
  const { pool, session, job, settings } = work;
  const startedAt = new Date();
  const request = exportRequest(job.wanted, settings, startedAt, null);
  const exportId = await registerExport(session, job.wanted.name);
  const end = { exportId, trigger: job.trigger, source: sourceOf(request), file: request.file, startedAt };
  try {
    const { told, inputs, reads } = await write(work, request, (query) =>
      relationsRead(pool, query, job.signal),
    );
    await saveWritten(session, end, told, { inputs, reads });
    return told;
  } catch (error) {
    const problem = exportError(error, job);
    if (problem.kind === 'terminal') await saveFailed(session, end, problem);
    throw problem;
  }
}

async function write(
  work: ExportWork,
  request: ExportRequest,
  readsOf: (query: string) => Promise<readonly string[] | null>,
): Promise<ExportSources & { told: Exported }> {
  const { pool, session, job } = work;
  await lock(session, lockOfTemporary(temporaryOf(request.file, TEMPORARY_PREFIX)), request.file);
  const query = await exportQuery(session, request);
  const reads = await readsOf(query.sql);
  const read = async (client: PoolClient) => {
    const reading = await beginReading(client, request, query.isLockable);
    const inputs = await followedBy(client, work);
    return { inputs, complete: await writeRows(client, request, query.sql, reading, job.signal) };
  };
  const { complete, inputs } = await inSnapshot(pool, job.signal, read);
  try {
    // Ends here when the locks have been lost with their session: another process may be writing the same file.
    await session.query('select');
    await placeFile(complete);
  } finally {
    await complete.file.discard();
  }
  return { told: complete.told, inputs, reads };
}
