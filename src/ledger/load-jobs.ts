import type { Pool, PoolClient } from 'pg';
import type { DescribedColumn } from '../formats/dump/described-column.ts';
import type { SourceFile } from './source-file.ts';

/** A load job as the ledger keeps it. */
export interface LoadJobEntry {
  readonly runId: number;
  readonly fileId: number;
  readonly entryName: string | null;
  readonly datasetId: number | null;
  readonly versionId: number | null;
  readonly contentSha256: string | null;
  readonly status: 'planned' | 'published' | 'failed' | 'duplicate';
  readonly recordsRead: number;
  readonly rowsLoaded: number;
  readonly rowsRejected: number;
  readonly rowsSkipped: number;
  /** What stood behind the last record and is no data. */
  readonly footer: string | null;
  readonly startedAt: Date;
  readonly dialect: unknown;
  /** What a dump says of its columns. */
  readonly described: readonly DescribedColumn[] | null;
  /** What stood before the first record, byte for byte; reject files start with it. */
  readonly head: Buffer;
  readonly segments: readonly string[];
  /** Columns of the file that the contract left out. */
  readonly discarded: readonly string[];
  readonly again: boolean;
  /** Why this entry is not published although its archive may be. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** Removes what earlier attempts of a run have noted; the next attempt starts clean. */
export async function clearUnpublished(pool: Pool, runId: number): Promise<void> {
  await pool.query(
    `with jobs as (delete from sluice.load_job where run_id = $1 and status <> 'published' returning load_id)
     delete from sluice.reject where run_id = $1 and load_id in (select load_id from jobs)`,
    [runId],
  );
}

/** Removes a load job that starts over, with its rejects. */
export async function clearLoadJob(pool: Pool, loadId: number): Promise<void> {
  await pool.query(
    `with jobs as (delete from sluice.load_job where load_id = $1 and status <> 'published' returning load_id)
     delete from sluice.reject where load_id in (select load_id from jobs)`,
    [loadId],
  );
}

/** Writes a load job, or brings the one that was noted when it started up to date. Gives its id. */
export async function saveLoadJob(
  client: Pool | PoolClient,
  loadId: number | null,
  entry: LoadJobEntry,
): Promise<number> {
  if (loadId === null) return (await insertLoadJobs(client, [entry])).get(entry.fileId) as number;
  await client.query(UPDATE, [JSON.stringify([toRow(entry)]), loadId]);
  return loadId;
}

/** Writes load jobs of different files; gives their ids by file id. */
export async function insertLoadJobs(
  client: Pool | PoolClient,
  entries: readonly LoadJobEntry[],
): Promise<Map<number, number>> {
  const { rows } = await client.query<{ file_id: number; load_id: number }>(INSERT, [
    JSON.stringify(entries.map(toRow)),
  ]);
  return new Map(rows.map((row) => [row.file_id, row.load_id]));
}

function toRow(entry: LoadJobEntry) {
  return {
    run_id: entry.runId,
    file_id: entry.fileId,
    entry_name: entry.entryName,
    dataset_id: entry.datasetId,
    version_id: entry.versionId,
    content_sha256: entry.contentSha256,
    status: entry.status,
    records_read: entry.recordsRead,
    rows_loaded: entry.rowsLoaded,
    rows_rejected: entry.rowsRejected,
    rows_skipped: entry.rowsSkipped,
    footer: entry.footer,
    started_at: entry.startedAt.toISOString(),
    dialect: entry.dialect,
    described: entry.described,
    head_hex: entry.head.toString('hex'),
    segments: entry.segments,
    discarded: entry.discarded,
    again: entry.again,
    error_code: entry.error?.code ?? null,
    error_message: entry.error?.message ?? null,
  };
}

/** A run that ends unpublished takes its load jobs with it. */
export async function endLoadJobs(
  client: Pool | PoolClient,
  file: SourceFile,
  end: LoadJobEnd,
): Promise<void> {
  await client.query(
    `update sluice.load_job
        set status = $3, finished_at = clock_timestamp(), error_code = coalesce(error_code, $4),
            error_message = coalesce(error_message, $5)
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
  rows_rejected, rows_skipped, started_at, dialect, described, head, segments, again, discarded, footer,
  error_code, error_message, finished_at`;

const VALUES = `
  select run_id, file_id, entry_name, dataset_id, version_id, content_sha256, status, records_read, rows_loaded,
         rows_rejected, rows_skipped, started_at, dialect, described, decode(head_hex, 'hex'), segments, again,
         discarded, footer, error_code, error_message,
         case when status = 'planned' then null else clock_timestamp() end
    from jsonb_to_recordset($1::jsonb) as e(run_id bigint, file_id bigint, entry_name text, dataset_id bigint,
         version_id bigint, content_sha256 text, status text, records_read bigint, rows_loaded bigint,
         rows_rejected bigint, rows_skipped bigint, started_at timestamptz, dialect jsonb, described jsonb, head_hex text,
         segments text[], again boolean, discarded text[], footer text,
         error_code text, error_message text)`;

const INSERT = `insert into sluice.load_job (${COLUMNS}) ${VALUES} returning file_id, load_id`;

const UPDATE = `update sluice.load_job set (${COLUMNS}) = (${VALUES}) where load_id = $2`;
