import type { Pool, PoolClient } from 'pg';
import type { FileOrigin } from '../entities/source-file.ts';
import type { FileIdentity } from '../formats/file-handle.ts';
import { SOURCE_FILE_COLUMNS, type SourceFileColumns, toSourceFile } from './source-file.ts';

/** The source file of a finished run: where it lies, and what it was when it was read. */
export interface KeptSource {
  readonly fileId: number;
  /** Absolute, raw bytes. */
  readonly path: Buffer;
  readonly displayPath: string;
  readonly size: number;
  /** Null when the run ended before the file was read to its end. */
  readonly sha256: string | null;
  readonly origin: FileOrigin;
  /** When it was deleted for its age, or found to be gone. */
  readonly removedAt: Date | null;
}

/** Null when there is no such run. */
export async function keptSource(pool: Pool, runId: number): Promise<KeptSource | null> {
  const { rows } = await pool.query<KeptSourceRow>(
    `select f.file_id, coalesce(f.final_path_bytes, f.path_bytes) as path_bytes, coalesce(f.final_path, f.path) as path,
            f.size_bytes, f.sha256, f.origin, f.removed_at
       from sluice.run r join sluice.source_file f using (file_id)
      where r.run_id = $1`,
    [runId],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    fileId: row.file_id,
    path: row.path_bytes,
    displayPath: row.path,
    size: row.size_bytes,
    sha256: row.sha256,
    origin: row.origin,
    removedAt: row.removed_at,
  };
}

interface KeptSourceRow {
  file_id: number;
  path_bytes: Buffer;
  path: string;
  size_bytes: number;
  sha256: string | null;
  origin: FileOrigin;
  removed_at: Date | null;
}

/**
 * Puts a kept file in the queue as a delivery of its own that takes the place of `runId`. One that waits already, because an
 * earlier replay was broken off, is given back. Gives the id of the file that now waits.
 */
export async function registerReplay(
  pool: Pool,
  runId: number,
  source: KeptSource,
  now: FileIdentity,
): Promise<number> {
  const { rows } = await pool.query<{ file_id: number }>(REGISTER_REPLAY, [
    source.fileId,
    source.path,
    source.displayPath,
    now.size,
    String(now.mtimeNs),
    String(now.inode),
    String(now.device),
    runId,
  ]);
  return rows[0]?.file_id as number;
}

const REGISTER_REPLAY = `
  insert into sluice.source_file (path_bytes, path, name, label, size_bytes, mtime_ns, inode, device, origin, replays_run_id,
         status, detected_at, settled_at)
  select $2, $3, f.name, f.label, $4, $5::numeric, $6::numeric, $7::numeric, f.origin, $8, 'settled', now(), now()
    from sluice.source_file f where f.file_id = $1
  on conflict (path_bytes) where finished_at is null do update set replays_run_id = excluded.replays_run_id
  returning file_id`;

/**
 * Ends the wait of a held file: it goes back into the queue, from where it lies and in the state `now`, with what was decided. What a check
 * holds is released from that check; earlier deliveries are left to the dataset's policy, unless `append` is asked for. False
 * when it is held no more.
 */
export async function releaseHeld(
  pool: Pool,
  fileId: number,
  decision: 'supersede' | 'append',
  now: FileIdentity,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update sluice.source_file f
        set status = 'settled', finished_at = null, outcome_done_at = null, attempts = 0,
            checks_waived = f.checks_waived or r.error_code = 'CHECK_HELD',
            redelivery = case when r.error_code = 'CHECK_HELD' and $2 = 'supersede' then f.redelivery else $2 end,
            path_bytes = coalesce(f.final_path_bytes, f.path_bytes), final_path = null, final_path_bytes = null,
            waiting_for = null, next_attempt_at = null,
            size_bytes = $3, mtime_ns = $4::numeric, inode = $5::numeric, device = $6::numeric
      from sluice.run r
      where r.run_id = f.run_id and f.file_id = $1 and f.status = 'held' and f.outcome_done_at is not null`,
    [fileId, decision, now.size, String(now.mtimeNs), String(now.inode), String(now.device)],
  );
  return rowCount === 1;
}

/** Ends the wait of a held file for good. False when it is held no more. */
export async function discardHeld(client: Pool | PoolClient, fileId: number): Promise<boolean> {
  const { rowCount } = await client.query(
    `with file as (
       update sluice.source_file set status = 'discarded', outcome_done_at = null
        where file_id = $1 and status = 'held' and outcome_done_at is not null
       returning run_id
     )
     update sluice.run r set status = 'discarded' from file where r.run_id = file.run_id`,
    [fileId],
  );
  return rowCount === 1;
}

/** A file that has ended and was moved to where its outcome puts it. */
export interface FinishedFile {
  readonly fileId: number;
  readonly runId: number;
  readonly status: string;
  /** Where it was dropped, absolute, raw bytes. */
  readonly path: Buffer;
  /** Where it lies, absolute, raw bytes. */
  readonly keptPath: Buffer;
  readonly displayPath: string;
  /** State of the file when it was read. */
  readonly identity: FileIdentity;
  readonly sha256: string | null;
}

/** Files below `root` that ended within the last `hours` and are of use still, those that ended last at the end. */
export async function recentlyFinished(
  pool: Pool,
  root: Buffer,
  hours: number,
  limit: number,
): Promise<FinishedFile[]> {
  const { rows } = await pool.query<FinishedRow>(RECENTLY_FINISHED, [root, hours, limit]);
  return rows.reverse().map((row) => {
    const { identity, path } = toSourceFile(row);
    return {
      ...{ fileId: row.file_id, runId: row.run_id, status: row.status, path, identity, sha256: row.sha256 },
      ...{ keptPath: row.final_path_bytes, displayPath: row.final_path },
    };
  });
}

interface FinishedRow extends SourceFileColumns {
  run_id: number;
  status: string;
  sha256: string | null;
  final_path_bytes: Buffer;
  final_path: string;
}

const RECENTLY_FINISHED = `
  select ${SOURCE_FILE_COLUMNS}, f.run_id, f.status, f.sha256, f.final_path_bytes, f.final_path
    from sluice.source_file f
   where f.finished_at > now() - make_interval(hours => $2) and f.outcome_done_at is not null
     and f.status in ('published', 'failed', 'duplicate', 'held')
     and substring(f.final_path_bytes for length($1::bytea)) = $1 and f.final_path_bytes <> f.path_bytes
   order by f.finished_at desc
   limit $3`;
