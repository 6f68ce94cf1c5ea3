import type { Pool } from 'pg';
import { CATALOGUE } from '../errors.ts';
import type { NotedEntry } from './runs.ts';
import { SOURCE_FILE_COLUMNS, type SourceFile, type SourceFileColumns, toSourceFile } from './source-file.ts';

/** What a finished file left behind: the content of its receipt, and of its log line. */
export interface Outcome {
  readonly file: SourceFile;
  readonly runId: number;
  readonly attempt: number;
  readonly status: string;
  readonly sha256: string | null;
  readonly businessDate: string | null;
  readonly bytes: number;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  /** When its rows were taken out of staging again; null while they are there. */
  readonly undoneAt: Date | null;
  readonly seconds: number;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  /** What to do about the error. */
  readonly remedy: string | null;
  /** The file's records joined the run they were rejected from. */
  readonly isCorrection: boolean;
  /** The run that took its place. */
  readonly supersededBy: number | null;
  /** Where the file was put when its outcome was carried out before; null when it was not. */
  readonly kept: KeptFile | null;
  /** Entries of an archive that were passed over. */
  readonly skipped: readonly OutcomeNote[];
  /** Where the parts of a dump did not agree, and what was made of it. */
  readonly notes: readonly OutcomeNote[];
  readonly loads: readonly OutcomeLoad[];
  readonly checks: readonly OutcomeCheck[];
}

/** Something about an entry of an archive. */
export interface OutcomeNote {
  readonly name: string;
  readonly reason: string;
}

/** A source file that Sluice keeps. */
export interface KeptFile {
  /** Absolute, raw bytes. */
  readonly path: Buffer;
  /** Relative to the imports folder (absolute when it lies elsewhere), safe to display. */
  readonly displayPath: string;
}

export interface OutcomeLoad {
  readonly entryName: string | null;
  readonly dataset: string | null;
  readonly parentTable: string | null;
  readonly versionTable: string | null;
  readonly status: string;
  readonly recordsRead: number;
  readonly rowsLoaded: number;
  readonly rowsRejected: number;
  readonly rowsSkipped: number;
  /** Columns of the file that the contract left out. */
  readonly columnsDiscarded: readonly string[];
  /** What stood behind the last record and is no data. */
  readonly footer: string | null;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly seconds: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

/** How a check of one of the file's datasets came out. */
export interface OutcomeCheck {
  readonly dataset: string;
  readonly name: string;
  readonly severity: string;
  readonly status: string;
  readonly rowsChecked: number | null;
  readonly rowsFailing: number | null;
  readonly message: string | null;
}

/** Reads the recorded outcomes of files, in their order. */
export async function readOutcomes(pool: Pool, files: readonly SourceFile[]): Promise<Outcome[]> {
  const { rows } = await pool.query<OutcomeRow>(READ_OUTCOMES, [files.map((file) => file.fileId)]);
  const byFile = new Map(rows.map((row) => [row.file_id, row]));
  return files.map((file) => {
    const row = byFile.get(file.fileId);
    if (row === undefined) throw new Error(`file ${file.fileId} has no finished run`);
    return toOutcome(file, row);
  });
}

function toOutcome(file: SourceFile, row: OutcomeRow): Outcome {
  return {
    file,
    runId: row.run_id,
    attempt: row.attempt,
    status: row.status,
    sha256: row.sha256,
    businessDate: row.business_date,
    bytes: row.bytes ?? 0,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    undoneAt: row.undone_at,
    seconds: Math.max(0, (row.finished_at.getTime() - row.started_at.getTime()) / 1000),
    errorCode: row.error_code,
    errorMessage: row.error_message,
    remedy: remedyOf(row.error_code),
    isCorrection: row.is_correction,
    supersededBy: row.superseded_by,
    kept:
      row.final_path === null || row.final_path_bytes === null
        ? null
        : { path: row.final_path_bytes, displayPath: row.final_path },
    skipped: (row.skipped ?? []).filter(({ isNote }) => !isNote),
    notes: (row.skipped ?? []).filter(({ isNote }) => isNote).map(({ name, reason }) => ({ name, reason })),
    loads: row.loads,
    checks: row.checks,
  };
}

/** Files under `root` (of these, when they are named) whose outcome is committed but whose receipt and move are not known to be done (I4). */
export async function pendingOutcomes(
  pool: Pool,
  root: Buffer,
  fileIds: readonly number[] | null,
): Promise<SourceFile[]> {
  const { rows } = await pool.query<SourceFileColumns>(PENDING, [root, fileIds]);
  return rows.map(toSourceFile);
}

/** Files whose runs were superseded by those of these files, and whose outcome is therefore to be carried out anew. */
export async function supersededFiles(pool: Pool, files: readonly SourceFile[]): Promise<number[]> {
  const { rows } = await pool.query<{ file_id: number }>(
    `select old.file_id
       from sluice.source_file f
       join sluice.run r on r.superseded_by = f.run_id
       join sluice.source_file old on old.run_id = r.run_id and old.outcome_done_at is null
      where f.file_id = any($1::bigint[])`,
    [files.map((file) => file.fileId)],
  );
  return rows.map((row) => row.file_id);
}

/** A file whose receipt is written, and where it ended; null when it is no more. */
export interface CarriedOut {
  readonly file: SourceFile;
  readonly kept: KeptFile | null;
  /** Where it was kept before; null for one that has only been dropped. */
  readonly from: Buffer | null;
  /** The status that was carried out. */
  readonly status: string;
}

/** Notes what was carried out. A file that was taken back or replaced meanwhile has a new outcome, which is not done yet. */
export async function completeOutcomes(pool: Pool, done: readonly CarriedOut[]): Promise<void> {
  // First: what is complete is not looked at again after a crash.
  await followMoved(pool, done);
  await pool.query(
    `update sluice.source_file f
        set outcome_done_at = case when f.status = d.status then clock_timestamp() end,
            final_path = d.final_path, final_path_bytes = d.final_path_bytes
       from unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[]) as d(file_id, final_path, final_path_bytes, status)
      where f.file_id = d.file_id`,
    [
      done.map(({ file }) => file.fileId),
      done.map(({ kept }) => kept?.displayPath ?? null),
      done.map(({ kept }) => kept?.path ?? null),
      done.map(({ status }) => status),
    ],
  );
}

/** A file that was loaded again is the file of several runs: where it goes, it goes for all of them. */
async function followMoved(pool: Pool, done: readonly CarriedOut[]): Promise<void> {
  const moved = done.flatMap(({ file, from, kept }) =>
    from === null || kept === null || from.equals(kept.path) ? [] : [{ file, from, kept }],
  );
  if (moved.length === 0) return;
  await pool.query(
    `update sluice.source_file f
        set final_path = d.final_path, final_path_bytes = d.final_path_bytes
       from unnest($1::bigint[], $2::bytea[], $3::text[], $4::bytea[]) as d(file_id, before, final_path, final_path_bytes)
       join sluice.source_file own using (file_id)
      where f.final_path_bytes = d.before and f.file_id <> d.file_id and f.sha256 = own.sha256`,
    [
      moved.map(({ file }) => file.fileId),
      moved.map(({ from }) => from),
      moved.map(({ kept }) => kept.displayPath),
      moved.map(({ kept }) => kept.path),
    ],
  );
}

function remedyOf(code: string | null): string | null {
  if (code === null) return null;
  return Object.entries(CATALOGUE).find(([known]) => known === code)?.[1].remedy ?? null;
}

interface OutcomeRow {
  file_id: number;
  run_id: number;
  attempt: number;
  status: string;
  sha256: string | null;
  business_date: string | null;
  bytes: number | null;
  started_at: Date;
  finished_at: Date;
  undone_at: Date | null;
  superseded_by: number | null;
  final_path: string | null;
  final_path_bytes: Buffer | null;
  error_code: string | null;
  error_message: string | null;
  is_correction: boolean;
  skipped: readonly NotedEntry[] | null;
  loads: OutcomeLoad[];
  checks: OutcomeCheck[];
}

const READ_OUTCOMES = `
  select f.file_id, r.run_id, r.attempt, f.status, f.sha256, f.business_date::text, r.bytes, r.started_at, r.finished_at,
         r.undone_at, r.superseded_by, r.skipped, f.final_path, f.final_path_bytes, r.error_code, r.error_message,
         r.kind = 'correction' as is_correction,
         coalesce((select json_agg(json_build_object(
                     'entryName', l.entry_name, 'dataset', d.name,
                     'parentTable', d.parent_schema || '.' || d.parent_table,
                     'versionTable', d.parent_schema || '.' || v.table_name,
                     'status', l.status, 'recordsRead', l.records_read, 'rowsLoaded', l.rows_loaded,
                     'rowsRejected', l.rows_rejected, 'rowsSkipped', l.rows_skipped,
                     'columnsDiscarded', l.discarded, 'footer', l.footer,
                     'startedAt', l.started_at, 'finishedAt', l.finished_at,
                     'seconds', round(extract(epoch from l.finished_at - l.started_at), 3),
                     'errorCode', l.error_code, 'errorMessage', l.error_message) order by l.load_id)
                     from sluice.load_job l
                     left join sluice.dataset d using (dataset_id)
                     left join sluice.version v using (version_id)
                    where l.file_id = f.file_id and (l.run_id = r.run_id or r.kind = 'correction')), '[]') as loads,
         coalesce((select json_agg(json_build_object(
                     'dataset', c.subject, 'name', c.name, 'severity', c.severity, 'status', c.status,
                     'rowsChecked', c.rows_checked, 'rowsFailing', c.rows_failing, 'message', c.message)
                     order by c.check_id)
                     from sluice.check_result c where c.run_id = r.run_id), '[]') as checks
    from sluice.source_file f join sluice.run r on r.run_id = f.run_id
   where f.file_id = any($1::bigint[]) and r.finished_at is not null`;

const PENDING = `
  select ${SOURCE_FILE_COLUMNS}
    from sluice.source_file f
   where finished_at is not null and outcome_done_at is null and ($2::bigint[] is null or file_id = any($2))
     and (origin in ('command', 'pull') or substring(path_bytes for length($1::bytea)) = $1)
   order by file_id`;
