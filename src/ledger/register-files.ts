import type { Pool } from 'pg';
import { LEASE_SPACE } from './leases.ts';
import type { Arrival } from './source-file.ts';

/** Where a file belongs in the order of its feed, by its name. */
export interface FeedOrder {
  readonly feed: string;
  readonly moment: string;
}

/**
 * Records settled files. A file that is already waiting under the same path gets its new state; one whose outcome
 * is recorded and that lies there unchanged (not moved yet, or kept in place) is left alone. Gives the ids of the
 * files that now wait.
 */
export async function registerFiles(
  pool: Pool,
  arrivals: readonly Arrival[],
  orderOf: (arrival: Arrival) => FeedOrder | null,
): Promise<number[]> {
  if (arrivals.length === 0) return [];
  const rows = arrivals.map((arrival) => ({ ...toRow(arrival), ...orderOf(arrival) }));
  const result = await pool.query<{ file_id: number }>(REGISTER, [JSON.stringify(rows)]);
  return result.rows.map((row) => row.file_id);
}

function toRow(arrival: Arrival) {
  const { identity } = arrival;
  return {
    path_hex: arrival.path.toString('hex'),
    path: arrival.displayPath,
    name: arrival.name,
    label: arrival.label,
    size_bytes: identity.size,
    mtime_ns: String(identity.mtimeNs),
    inode: String(identity.inode),
    device: String(identity.device),
    origin: arrival.origin,
    waiting_for: arrival.waitingFor,
  };
}

/** A file that is named by hand, and that a process which is gone had begun with, is begun anew. */
const REGISTER = `
  with registered as (
  insert into sluice.source_file
    (path_bytes, path, name, label, size_bytes, mtime_ns, inode, device, origin, waiting_for, feed, moment,
     status, detected_at, settled_at)
  select decode(a.path_hex, 'hex'), a.path, a.name, a.label, a.size_bytes, a.mtime_ns, a.inode, a.device, a.origin,
         a.waiting_for, a.feed, a.moment, 'settled', now(), now()
    from jsonb_to_recordset($1::jsonb) as a(path_hex text, path text, name text, label text, size_bytes bigint,
         mtime_ns bigint, inode numeric, device numeric, origin text, waiting_for text, feed text, moment text)
   where a.origin = 'command' or not exists (
         select from sluice.source_file f
          where f.path_bytes = decode(a.path_hex, 'hex')
            and f.size_bytes = a.size_bytes and f.mtime_ns = a.mtime_ns and f.inode = a.inode and f.device = a.device
            and f.finished_at is not null
            and (f.outcome_done_at is null or f.final_path = f.path))
   order by a.mtime_ns
  on conflict (path_bytes) where finished_at is null do update
     set size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns, inode = excluded.inode,
         device = excluded.device, waiting_for = excluded.waiting_for, status = 'settled', settled_at = now(),
         next_attempt_at = null, path = excluded.path, name = excluded.name, label = excluded.label,
         origin = excluded.origin, feed = excluded.feed, moment = excluded.moment
   where source_file.status in ('detected', 'settled')
      or excluded.origin = 'command' and pg_try_advisory_xact_lock(${LEASE_SPACE}::bigint + source_file.file_id)
  returning file_id
  ), busy as (
  -- Another process works on them: its outcome is waited for.
  select f.file_id
    from jsonb_to_recordset($1::jsonb) as a(path_hex text, origin text)
    join sluice.source_file f on f.path_bytes = decode(a.path_hex, 'hex') and f.finished_at is null
   where a.origin = 'command'
  )
  select file_id from registered union select file_id from busy`;
