import type { Pool } from 'pg';
import type { SluiceError } from '../errors.ts';
import type { ClaimScope } from './leases.ts';
import {
  FEED_OF_FILE,
  SOURCE_FILE_COLUMNS,
  type SourceFile,
  type SourceFileColumns,
  toSourceFile,
} from './source-file.ts';

/** Puts a file back in the queue, to be tried again in `delayMs` milliseconds; the error is kept to be shown. */
export async function scheduleRetry(
  pool: Pool,
  file: SourceFile,
  delayMs: number,
  error: SluiceError,
): Promise<void> {
  await pool.query(
    `with run as (
       update sluice.run set status = 'settled', error_code = $3, error_message = $4
        where run_id = (select run_id from sluice.source_file where file_id = $1) and finished_at is null
     )
     update sluice.source_file
        set status = 'settled', next_attempt_at = now() + make_interval(secs => $2)
      where file_id = $1 and finished_at is null`,
    [file.fileId, delayMs / 1000, error.code, error.message],
  );
}

/** Puts a file back before the watcher, which waits for a change of it. Such an attempt does not count. */
export async function returnToWatcher(pool: Pool, file: SourceFile, reason: string): Promise<void> {
  await pool.query(
    `update sluice.source_file
        set status = 'detected', waiting_for = $2, attempts = greatest(attempts - 1, 0)
      where file_id = $1 and finished_at is null`,
    [file.fileId, reason],
  );
}

/** Files below `root` (ends with a separator) that were put back before the watcher, and their absolute paths. */
export async function filesBeforeWatcher(
  pool: Pool,
  root: Buffer,
): Promise<{ readonly fileId: number; readonly path: Buffer }[]> {
  const { rows } = await pool.query<{ file_id: number; path_bytes: Buffer }>(
    `select file_id, path_bytes from sluice.source_file
      where finished_at is null and status = 'detected' and substring(path_bytes for length($1::bytea)) = $1`,
    [root],
  );
  return rows.map((row) => ({ fileId: row.file_id, path: row.path_bytes }));
}

/** Queues files again that were put back before the watcher and of which it has nothing to tell. */
export async function takeFromWatcher(pool: Pool, fileIds: readonly number[]): Promise<void> {
  await pool.query(
    `update sluice.source_file set status = 'settled', settled_at = now(), waiting_for = null, next_attempt_at = null
      where file_id = any($1::bigint[]) and finished_at is null and status = 'detected'`,
    [fileIds],
  );
}

/** Milliseconds until the next scheduled attempt in `scope`, or null when nothing is scheduled. */
export async function nextAttemptIn(
  pool: Pool,
  scope: Pick<ClaimScope, 'root' | 'fileIds'>,
): Promise<number | null> {
  const { rows } = await pool.query<{ ms: number | null }>(
    `select (extract(epoch from min(next_attempt_at) - now()) * 1000)::float8 as ms
       from sluice.source_file
      where finished_at is null and next_attempt_at is not null
        and ($1::bytea is null or substring(path_bytes for length($1::bytea)) = $1)
        and ($2::bigint[] is null or file_id = any($2))`,
    [scope.root ?? null, scope.fileIds ?? null],
  );
  return rows[0]?.ms ?? null;
}

/** True when a file waits for an earlier one of its feed that another process works on, which tells us nothing when it is done. */
export async function waitsForOthers(
  pool: Pool,
  { root, fileIds, held }: Pick<ClaimScope, 'root' | 'fileIds' | 'held'>,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `select from sluice.source_file f
      where f.finished_at is null and f.status <> 'detected' and f.next_attempt_at is null and f.feed is not null
        and ($1::bytea is null or substring(f.path_bytes for length($1::bytea)) = $1)
        and ($2::bigint[] is null or f.file_id = any($2))
      group by ${FEED_OF_FILE}
     having count(*) > 1 and not bool_or(f.file_id = any($3::bigint[]))
      limit 1`,
    [root ?? null, fileIds ?? null, held],
  );
  return rowCount === 1;
}

/**
 * Forgets a file that is gone when another row tells of the same state of it, finished and moved: it was seen at its
 * old place just before the move. False when there is no such row.
 */
export async function forgetMoved(pool: Pool, file: SourceFile): Promise<boolean> {
  const { rowCount } = await pool.query(FORGET_MOVED, [file.fileId]);
  return rowCount === 1;
}

/** How many files under `root` are not finished. */
export async function countWaiting(pool: Pool, root: Buffer): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*) as n from sluice.source_file
      where finished_at is null and status <> 'detected' and substring(path_bytes for length($1::bytea)) = $1`,
    [root],
  );
  return rows[0]?.n ?? 0;
}

/** Gives up an attempt without counting it: the service stops, or the database went away. */
export async function abandonAttempt(pool: Pool, file: SourceFile): Promise<void> {
  await pool.query(
    `update sluice.source_file set status = 'settled', attempts = greatest(attempts - 1, 0)
      where file_id = $1 and finished_at is null`,
    [file.fileId],
  );
}

const FORGET_MOVED = `
  with moved as (
    select f.file_id
      from sluice.source_file f
      join sluice.source_file done
        on done.path_bytes = f.path_bytes and done.file_id < f.file_id and done.outcome_done_at is not null
       and done.size_bytes = f.size_bytes and done.mtime_ns = f.mtime_ns and done.inode = f.inode and done.device = f.device
     where f.file_id = $1 and f.finished_at is null
       and not exists (select from sluice.load_job j join sluice.run r using (run_id) where r.file_id = f.file_id)
     limit 1
  ), runs as (
    delete from sluice.run using moved where run.file_id = moved.file_id
  )
  delete from sluice.source_file f using moved where f.file_id = moved.file_id`;

/** How many of these files have no outcome yet. */
export async function countUnfinished(pool: Pool, fileIds: readonly number[]): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    'select count(*) as n from sluice.source_file where file_id = any($1::bigint[]) and finished_at is null',
    [fileIds],
  );
  return rows[0]?.n ?? 0;
}

/** Those of these files whose outcome is recorded. */
export async function finishedFiles(pool: Pool, fileIds: readonly number[]): Promise<SourceFile[]> {
  const { rows } = await pool.query<SourceFileColumns>(
    `select ${SOURCE_FILE_COLUMNS} from sluice.source_file f
      where f.file_id = any($1::bigint[]) and f.finished_at is not null order by f.file_id`,
    [fileIds],
  );
  return rows.map(toSourceFile);
}
