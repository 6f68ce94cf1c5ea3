import { rm } from 'node:fs/promises';
import type { Pool, PoolClient } from 'pg';
import type { ExportConfig } from '../../config/define.ts';
import type { Settings } from '../../config/settings.ts';
import { toSluiceError } from '../../db/database-error.ts';
import { inTransaction } from '../../db/transaction.ts';
import { messageOf, SluiceError } from '../../errors.ts';
import {
  type ExportRunEnd,
  registerExport,
  type Signatures,
  saveFailed,
  saveWritten,
} from '../../ledger/exports.ts';
import { stepDone } from '../../steps.ts';
import { WholeFile } from '../../whole-file.ts';
import { exportQuery } from './export-query.ts';
import { type ExportRequest, exportRequest } from './export-request.ts';
import type { Exported } from './exported.ts';
import { holding } from './holding.ts';
import { inputsOf, readSignatures } from './inputs.ts';
import { beginReading, type CompleteFile, TEMPORARY_PREFIX, writeRows } from './write-export.ts';

export type ExportTrigger = 'change' | 'schedule' | 'command';

export type ExportSettings = Pick<Settings, 'exportsDir' | 'stagingSchema' | 'dwSchema' | 'exports'>;

/** One export, to be written now. */
export interface ExportJob {
  readonly wanted: ExportConfig;
  readonly trigger: ExportTrigger;
  readonly signal: AbortSignal;
}

/**
 * Writes one export and its manifest. Everything is read in one snapshot, in which the rows are counted once more; the
 * file takes its name when it is complete. The manifest comes last: a file without one was not finished. Exports of the
 * configuration are recorded in the ledger.
 *
 * Throws EXPORT_UNKNOWN, EXPORT_FAILED, EXPORT_RUNNING, EXPORT_MISCOUNTED, COMMAND_STOPPED, and errors of the database.
 */
export async function runExport(pool: Pool, settings: ExportSettings, job: ExportJob): Promise<Exported> {
  const startedAt = new Date();
  const { wanted, signal } = job;
  const request = exportRequest(wanted, settings, startedAt);
  const isRecorded = settings.exports.some(({ name }) => name === wanted.name);
  const names = [request.file, ...(isRecorded ? [`of ${wanted.name}`] : [])];
  try {
    return await holding(pool, request.file, names, async (session) => {
      const work = { pool, session, request, settings, job };
      if (!isRecorded) return (await write(work)).told;
      const exportId = await registerExport(session, wanted.name);
      const end = {
        exportId,
        trigger: job.trigger,
        source: sourceOf(request),
        file: request.file,
        startedAt,
      };
      return await writeRecorded(work, end);
    });
  } catch (error) {
    throw exportError(error, request.name, signal);
  }
}

interface Work {
  readonly pool: Pool;
  readonly session: PoolClient;
  readonly request: ExportRequest;
  readonly settings: ExportSettings;
  readonly job: ExportJob;
}

async function writeRecorded(work: Work, end: ExportRunEnd): Promise<Exported> {
  const { session, request, job } = work;
  try {
    const { told, inputs } = await write(work);
    await saveWritten(session, end, told, inputs);
    return told;
  } catch (error) {
    const problem = exportError(error, request.name, job.signal);
    if (problem.kind === 'terminal') await saveFailed(session, end, problem);
    throw problem;
  }
}

async function write(work: Work): Promise<{ told: Exported; inputs: Signatures }> {
  const { pool, session, request, settings, job } = work;
  const query = await exportQuery(session, request);
  const { complete, inputs } = await inTransaction(
    pool,
    async (client) => {
      const reading = await beginReading(client, request, query.isLockable);
      const seen = inputsOf(job.wanted, await signaturesOf(client, settings, job.wanted));
      return { complete: await writeRows(client, request, query.sql, reading, job.signal), inputs: seen };
    },
    { signal: job.signal },
  );
  try {
    // Ends here when the lock has been lost with its session: another process may be writing the same file.
    await session.query('select');
    await place(complete);
  } finally {
    await complete.file.discard();
  }
  return { told: complete.told, inputs };
}

/** Asked only when there is something that the export follows: else there need be no ledger. */
async function signaturesOf(
  client: PoolClient,
  settings: ExportSettings,
  { after }: ExportConfig,
): Promise<Signatures> {
  return after === undefined ? {} : readSignatures(client, settings);
}

/** Gives the file its name, and then its manifest. */
async function place({ file, told }: CompleteFile): Promise<void> {
  const manifestFile = `${told.file}.manifest.json`;
  await rm(manifestFile, { force: true });
  await file.finish();
  stepDone('file named', told.name);
  const manifest = await WholeFile.create(manifestFile, TEMPORARY_PREFIX);
  const { seconds: _, ...manifested } = told;
  await manifest.write(Buffer.from(`${JSON.stringify(manifested, null, 2)}\n`));
  await manifest.finish();
  stepDone('manifest written', told.name);
}

function sourceOf({ source }: ExportRequest): string {
  return source.kind === 'query' ? 'query' : `${source.schema}.${source.table}`;
}

function exportError(error: unknown, name: string, signal: AbortSignal): SluiceError {
  if (signal.aborted) return new SluiceError('COMMAND_STOPPED', {}, error);
  const problem = toSluiceError(error);
  if (problem.code !== 'DATABASE_REFUSED' && problem.code !== 'INTERNAL') return problem;
  return new SluiceError('EXPORT_FAILED', { export: name, reason: messageOf(error) }, error);
}
