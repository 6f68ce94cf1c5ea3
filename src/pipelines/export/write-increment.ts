import { stat } from 'node:fs/promises';
import type { PoolClient } from 'pg';
import { inTransaction } from '../../db/transaction.ts';
import { SluiceError } from '../../errors.ts';
import {
  type ExportState,
  findRunTable,
  notePending,
  type PendingExport,
  readExportState,
  readRunDelta,
  saveExportInputs,
  savePending,
} from '../../ledger/export-increments.ts';
import { registerExport, saveFailed } from '../../ledger/exports.ts';
import { stepDone } from '../../steps.ts';
import { temporaryOf } from '../../whole-file.ts';
import { type ExportWork, exportError, followedBy, sourceOf } from './export-job.ts';
import { exportQuery } from './export-query.ts';
import { type ExportRequest, exportRequest } from './export-request.ts';
import type { Exported, Increment } from './exported.ts';
import { lock, lockOfTemporary } from './holding.ts';
import { inSnapshot } from './in-snapshot.ts';
import { placeFile } from './place-file.ts';
import { finishComplete } from './recover-exports.ts';
import { beginReading, type CompleteFile, TEMPORARY_PREFIX, writeRows } from './write-export.ts';

/**
 * Writes the rows of runs that are not in the files of the export yet. The complete file is recorded with its hash before
 * it gets its name, and what the export has written is noted after: a crash in between is cleared up by looking for the
 * file, so that no rows are left out, and none come again without the manifest saying so.
 */
export async function writeIncrement(work: ExportWork): Promise<Exported | null> {
  const { session, job, settings } = work;
  const { name } = job.wanted;
  const startedAt = new Date();
  const exportId = await registerExport(session, name);
  await finishComplete(work.pool, exportId, name, job.onWarning);
  const state = await readExportState(session, exportId);
  const request = exportRequest(job.wanted, settings, startedAt, state.sequence + 1);
  const end = { exportId, trigger: job.trigger, source: sourceOf(request), file: request.file, startedAt };
  try {
    await lock(session, lockOfTemporary(temporaryOf(request.file, TEMPORARY_PREFIX)), request.file);
    await refuseThere(request);
    const read = await readNew(work, exportId, request, state);
    if (read.complete === null) {
      await saveExportInputs(session, exportId, read.inputs);
      return null;
    }
    const { complete, pending } = read;
    return await record(work, complete, pending, () => savePending(session, end, complete.told, pending));
  } catch (error) {
    const problem = exportError(error, job);
    if (problem.kind === 'terminal') await saveFailed(session, end, problem);
    throw problem;
  }

  async function record(
    { pool }: ExportWork,
    complete: CompleteFile,
    pending: PendingExport,
    save: () => Promise<number>,
  ): Promise<Exported> {
    let isRecorded = false;
    try {
      const id = await save();
      isRecorded = true;
      stepDone('increment recorded', name);
      await placeFile(complete);
      await inTransaction(pool, (client) => notePending(client, exportId, id, pending));
      stepDone('increment noted', name);
      return complete.told;
    } finally {
      // What is recorded is looked for: the next attempt gives it its name.
      if (!isRecorded) await complete.file.discard();
    }
  }
}

/** What lies there may be an increment that somebody has not read yet; it is not replaced. */
async function refuseThere({ name, file }: ExportRequest): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found === null) return;
  throw new SluiceError('EXPORT_FAILED', { export: name, reason: `${file} is there already` });
}

type ReadNew =
  | { readonly complete: null; readonly inputs: PendingExport['inputs'] }
  | { readonly complete: CompleteFile; readonly pending: PendingExport };

function readNew(
  work: ExportWork,
  exportId: number,
  request: ExportRequest,
  state: ExportState,
): Promise<ReadNew> {
  const { pool, session, job } = work;
  const read = async (client: PoolClient): Promise<ReadNew> => {
    const query = await exportQuery(session, request);
    const reading = await beginReading(client, request, query.isLockable);
    const inputs = await followedBy(client, work);
    const table = await runTableOf(client, request);
    const whole = job.whole === true || state.sequence === 0 || state.definition !== table.definition;
    const delta = await readRunDelta(client, exportId, table, whole);
    if (!whole && delta.arrived.length + delta.gone.length === 0) return { complete: null, inputs };
    const runs = delta.arrived.map(([run]) => run);
    const sql = `${query.sql} where _run_id = any('{${runs.join(',')}}'::bigint[])`;
    const written = await writeRows(client, request, sql, reading, job.signal);
    const sequence = state.sequence + 1;
    const increment: Increment = { sequence, full: whole, runs, removed: delta.gone, repeats: state.lost };
    const told = { ...written.told, increment };
    const { seconds: _, ...manifest } = told;
    const pending = { ...delta, whole, sequence, definition: table.definition, inputs, manifest };
    return { complete: { file: written.file, told }, pending };
  };
  return inSnapshot(pool, job.signal, read);
}

async function runTableOf(client: PoolClient, { name, source }: ExportRequest) {
  const found = source.kind === 'query' ? null : await findRunTable(client, source.schema, source.table);
  if (found !== null) return found;
  const reason =
    'only staging.DATASET and models that are incremental can be exported incrementally: other rows do not say which run they came with';
  throw new SluiceError('EXPORT_FAILED', { export: name, reason });
}
