import type { PoolClient } from 'pg';
import { resolveRejects } from '../../ledger/corrections.ts';
import { saveLoadJob } from '../../ledger/load-jobs.ts';
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
  const { plan, loaded } = job;
  const { rejects } = loaded;
  const runId = plan.correction?.runId ?? input.run.runId;
  const loadId = await saveLoadJob(client, rejects.owner?.loadId ?? null, {
    runId,
    fileId: input.file.fileId,
    entryName: plan.entryName,
    datasetId: layout.datasetId,
    versionId: layout.versionId,
    contentSha256: loaded.contentSha256,
    status: 'published',
    recordsRead: loaded.recordsRead,
    rowsLoaded,
    rowsRejected: rejects.count,
    rowsSkipped: loaded.rowsSkipped,
    startedAt: job.startedAt,
    dialect: plan.dialect,
    head: loaded.head,
    segments: loaded.segments.map((segment) => segment.name),
    again: input.again,
  });
  if (plan.correction === null) await rejects.writeTo(client, { runId, loadId });
  else
    await resolveRejects(client, plan.correction, input.run.runId, rejects.takeOpen(plan.correction.records));
}
