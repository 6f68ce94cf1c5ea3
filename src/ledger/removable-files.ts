import type { Pool } from 'pg';

/** A source file that Sluice has moved to one of its own folders, as the ledger knows it. */
export interface RemovableFile {
  /** All files of the ledger that it has been: a replay reads the kept file of another. */
  readonly fileIds: readonly number[];
  /** Absolute, raw bytes. */
  readonly path: Buffer;
  readonly sizeBytes: number;
  readonly finishedAt: Date;
  /** Why it has to stay; null when nobody needs it. */
  readonly neededFor: 'open rejects' | 'a file that waits' | null;
}

/** Kept files below `folder`, an absolute path that ends in `/`, oldest first. */
export async function removableFiles(pool: Pool, folder: Buffer): Promise<RemovableFile[]> {
  const { rows } = await pool.query<RemovableRow>(REMOVABLE, [folder]);
  return rows.map((row) => ({
    fileIds: row.file_ids,
    path: row.path,
    sizeBytes: row.size_bytes,
    finishedAt: row.finished_at,
    neededFor: row.is_waited_for ? 'a file that waits' : row.has_open_rejects ? 'open rejects' : null,
  }));
}

/** Notes that kept files are gone. */
export async function recordRemoved(pool: Pool, fileIds: readonly number[]): Promise<void> {
  await pool.query('update sluice.source_file set removed_at = now() where file_id = any($1::bigint[])', [
    fileIds,
  ]);
}

interface RemovableRow {
  file_ids: number[];
  path: Buffer;
  size_bytes: number;
  finished_at: Date;
  is_waited_for: boolean;
  has_open_rejects: boolean;
}

const REMOVABLE = `
  with kept as (
    select f.final_path_bytes as path, array_agg(f.file_id) as file_ids, (array_agg(f.size_bytes order by f.file_id desc))[1] as size_bytes,
           max(greatest(f.finished_at, f.outcome_done_at)) as finished_at, bool_and(f.outcome_done_at is not null) as is_done
      from sluice.source_file f
     where f.origin = 'imports' and f.removed_at is null and f.finished_at is not null
       and substring(f.final_path_bytes for length($1::bytea)) = $1
     group by f.final_path_bytes
  )
  select k.path, k.file_ids, k.size_bytes, k.finished_at,
         not k.is_done or exists (select from sluice.source_file w where w.finished_at is null and w.path_bytes = k.path) as is_waited_for,
         exists (select from sluice.run r join sluice.load_job l on l.run_id = r.run_id and l.status = 'published'
                   join sluice.reject x on x.load_id = l.load_id and x.resolved_by is null
                  where r.file_id = any(k.file_ids)) as has_open_rejects
    from kept k
   order by k.finished_at, k.path`;

/** Which of these runs are not finished, or have rejects that are open. */
export async function runsWithOpenRejects(pool: Pool, runIds: readonly number[]): Promise<Set<number>> {
  const { rows } = await pool.query<{ run_id: number }>(
    `select r.run_id from sluice.run r
      where r.run_id = any($1::bigint[])
        and (r.finished_at is null
             or exists (select from sluice.load_job l join sluice.reject x on x.load_id = l.load_id and x.resolved_by is null
                         where l.run_id = r.run_id and l.status = 'published'))`,
    [runIds],
  );
  return new Set(rows.map((row) => row.run_id));
}
