import type { PoolClient } from 'pg';
import type { Run } from '../../ledger/runs.ts';
import type { PublishJob } from './publish-run.ts';
import type { RecordedLayout } from './record-layout.ts';

export interface LoadRecord {
  readonly run: Run;
  readonly job: PublishJob;
  readonly layout: RecordedLayout;
  readonly rowsLoaded: number;
  readonly again: boolean;
}

/** Writes a published load job; its unique index is what makes content published once (I3). */
export async function recordLoad(client: PoolClient, record: LoadRecord): Promise<void> {
  const { run, job, layout, rowsLoaded, again } = record;
  const { plan, loaded } = job;
  await client.query(
    `insert into sluice.load_job
       (run_id, entry_name, dataset_id, version_id, content_sha256, status, records_read, rows_loaded, rows_rejected,
        rows_skipped, started_at, finished_at, dialect, segments, again)
     values ($1, $2, $3, $4, $5, 'published', $6, $7, $8, $9, $10, clock_timestamp(), $11, $12, $13)`,
    [
      run.runId,
      plan.entryName,
      layout.datasetId,
      layout.versionId,
      loaded.contentSha256,
      loaded.recordsRead,
      rowsLoaded,
      loaded.rowsRejected,
      loaded.rowsSkipped,
      job.startedAt,
      JSON.stringify(plan.dialect),
      loaded.segments.map((segment) => segment.name),
      again,
    ],
  );
}
