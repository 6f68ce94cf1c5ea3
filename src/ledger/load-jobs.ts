import type { Pool, PoolClient } from 'pg';
import type { SourceFile } from './source-file.ts';

/** A load job as the ledger keeps it. */
export interface LoadJobEntry {
  readonly runId: number;
  readonly fileId: number;
  readonly entryName: string | null;
  readonly datasetId: number | null;
  readonly versionId: number | null;
  readonly contentSha256: string | null;
  readonly status: 'planned' | 'published' | 'failed';
  readonly recordsRead: number;
  readonly rowsLoaded: number;
  readonly rowsRejected: number;
  readonly rowsSkipped: number;
  readonly startedAt: Date;
  readonly dialect: unknown;
  /** What stood before the first record, byte for byte; reject files start with it. */
  readonly head: Buffer;
  readonly segments: readonly string[];
  readonly again: boolean;
}

/** Removes what earlier attempts of a run have noted; the next attempt starts clean. */
export async function clearUnpublished(pool: Pool, runId: number): Promise<void> {
  await pool.query(
    `with jobs as (delete from sluice.load_job where run_id = $1 and status <> 'published' returning load_id)
     delete from sluice.reject where run_id = $1 and load_id in (select load_id from jobs)`,
    [runId],
  );
}

/** Writes a load job, or brings the one that was noted when it started up to date. Gives its id. */
export async function saveLoadJob(
  client: Pool | PoolClient,
  loadId: number | null,
  entry: LoadJobEntry,
): Promise<number> {
  const { rows } = await client.query<{ load_id: number }>(loadId === null ? INSERT : UPDATE, [
    ...(loadId === null ? [] : [loadId]),
    entry.runId,
    entry.fileId,
    entry.entryName,
    entry.datasetId,
    entry.versionId,
    entry.contentSha256,
    entry.status,
    entry.recordsRead,
    entry.rowsLoaded,
    entry.rowsRejected,
    entry.rowsSkipped,
    entry.startedAt,
    JSON.stringify(entry.dialect),
    entry.head,
    entry.segments,
    entry.again,
  ]);
  return rows[0]?.load_id as number;
}

/** A run that ends unpublished takes its load jobs with it. */
export async function endLoadJobs(
  client: Pool | PoolClient,
  file: SourceFile,
  end: LoadJobEnd,
): Promise<void> {
  await client.query(
    `update sluice.load_job set status = $3, finished_at = clock_timestamp(), error_code = $4, error_message = $5
      where run_id = $1 and file_id = $2 and status <> 'published'`,
    [end.runId, file.fileId, end.status, end.errorCode, end.errorMessage],
  );
}

export interface LoadJobEnd {
  readonly runId: number;
  readonly status: string;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

const COLUMNS = `run_id, file_id, entry_name, dataset_id, version_id, content_sha256, status, records_read, rows_loaded,
  rows_rejected, rows_skipped, started_at, dialect, head, segments, again`;

const INSERT = `
  insert into sluice.load_job (${COLUMNS}, finished_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
          case when $7 = 'planned' then null else clock_timestamp() end)
  returning load_id`;

const UPDATE = `
  update sluice.load_job
     set (${COLUMNS}, finished_at) =
         ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, clock_timestamp())
   where load_id = $1
  returning load_id`;
