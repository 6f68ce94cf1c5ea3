import type { PoolClient } from 'pg';
import { SluiceError } from '../../errors.ts';
import { type Correction, correctedStatus, resolveRejects } from '../../ledger/corrections.ts';
import { saveLoadJob } from '../../ledger/load-jobs.ts';
import { publishedEntry } from './load-entry.ts';
import type { PublishInput, PublishJob } from './publish-run.ts';
import type { RecordedLayout } from './record-layout.ts';

export interface LoadRecord {
  readonly input: PublishInput;
  readonly job: PublishJob;
  readonly layout: RecordedLayout;
  readonly rowsLoaded: number;
}

/** Writes a published load job and its rejects. The job's unique index is what makes content published once (I3). */
export async function recordLoad(client: PoolClient, record: LoadRecord): Promise<void> {
  const { input, job, layout, rowsLoaded } = record;
  const { correction } = job.plan;
  const { rejects } = job.loaded;
  if (correction !== null) await refuseUndone(client, correction, job.plan.title);
  const entry = publishedEntry(input, job, layout, { rowsLoaded, again: job.again });
  const loadId = await saveLoadJob(client, rejects.owner?.loadId ?? null, entry);
  if (correction === null) await rejects.writeTo(client, { runId: entry.runId, loadId });
  else await resolveRejects(client, correction, input.run.runId, rejects.takeOpen(correction.records));
}

/** A correction adds rows to a run; to one that was taken back since the file was identified it must not. */
async function refuseUndone(client: PoolClient, correction: Correction, file: string): Promise<void> {
  const status = await correctedStatus(client, correction);
  if (status === 'published') return;
  throw new SluiceError('CORRECTION_REFUSED', { file, run: correction.runId, status });
}
