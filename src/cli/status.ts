import type pg from 'pg';
import { LEASE_SPACE } from '../ledger/leases.ts';
import { sidecarsFor } from '../pipelines/sidecars.ts';
import { type UnsettledFile, unsettledFiles } from '../unsettled-files.ts';
import { type CommonOptions, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printModelStates, statesOfModels } from './model-states.ts';
import { camelCased, printJson, printLine, printTable } from './output.ts';

/** Larger files are not hashed only to show what they wait for. */
const HASHED_BYTES = 64 * 1024 * 1024;

interface WaitingRow {
  /** Null for a file that the ledger does not know yet. */
  file_id: number | null;
  /** Null before its first try. */
  run_id: number | null;
  name: string;
  path: string;
  size_bytes: number | null;
  status: string;
  detected_at: Date | null;
  attempts: number;
  next_attempt_at: Date | null;
  waiting_for: string | null;
}

/** `sluice status`: how many files are in which state, what the unfinished ones wait for, and which models are stale. */
export function status(options: CommonOptions): Promise<number> {
  return withLedger(options, async ({ pool }, { settings }) => {
    const unsettled = await unsettledFiles(settings, sidecarsFor(settings, { hashedBytes: HASHED_BYTES }));
    const counts = await countByStatus(pool);
    const { rows } = await pool.query<WaitingRow>(WAITING);
    const known = await knownPaths(pool, unsettled);
    const fresh = unsettled.filter(({ path }) => !known.has(path.toString('hex')));
    const waiting = [...rows, ...fresh.map(unsettledRow)];
    const stale = (await statesOfModels(pool, settings, null)).filter((model) => model.status === 'stale');
    if (options.json) {
      printJson({ counts, waiting: camelCased(waiting), stale });
      return EXIT.ok;
    }
    printTable(['status', 'files'], Object.entries(counts));
    printWaiting(waiting);
    printModelStates('model', stale);
    return EXIT.ok;
  });
}

function printWaiting(waiting: readonly WaitingRow[]): void {
  if (waiting.length === 0) return;
  printLine('');
  printTable(
    ['run', 'file', 'status', 'bytes', 'attempts', 'next attempt', 'waits for'],
    waiting.map((row) => [
      ...[row.run_id, row.path, row.status, row.size_bytes, row.attempts],
      ...[row.next_attempt_at, row.waiting_for],
    ]),
  );
  if (waiting.some((row) => row.status === 'held'))
    printLine('\n`sluice release RUN` loads a held file, `sluice discard RUN` gives it up.');
}

/** Those of these files that the ledger speaks of: they wait there, or are kept where they are. */
async function knownPaths(pool: pg.Pool, files: readonly UnsettledFile[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ path: string }>(
    `select distinct encode(path_bytes, 'hex') as path from sluice.source_file
      where path_bytes = any($1::bytea[])
        and (finished_at is null or outcome_done_at is null or final_path_bytes = path_bytes or final_path = path)`,
    [files.map(({ path }) => path)],
  );
  return new Set(rows.map(({ path }) => path));
}

function unsettledRow({ shown, size, reason }: UnsettledFile): WaitingRow {
  return {
    ...{
      file_id: null,
      run_id: null,
      name: shown.slice(shown.lastIndexOf('/') + 1),
      path: shown,
      size_bytes: size,
    },
    ...{ status: 'seen', detected_at: null, attempts: 0, next_attempt_at: null, waiting_for: reason },
  };
}

async function countByStatus(pool: pg.Pool): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ status: string; files: number }>(
    'select status, count(*) as files from sluice.files group by status order by status',
  );
  return Object.fromEntries(rows.map((row) => [row.status, row.files]));
}

const WAITING = `
  select f.file_id, f.run_id, f.name, f.path, f.size_bytes, f.status, f.detected_at, f.attempts, f.next_attempt_at,
         coalesce(r.error_code || ': ' || r.error_message, f.waiting_for,
                  case when r.run_id is not null and r.finished_at is null and not held.here then
                         case f.origin when 'imports' then 'the service: its run was broken off, and is made up for at the next start'
                              else 'nothing: its run was broken off; load the file again' end
                       when r.run_id is not null then 'its run to end'
                       when f.origin = 'command' and not held.here then 'its turn; if the command that named it has ended, load the file again'
                       else 'a free place in the queue' end) as waiting_for
    from sluice.source_file f
    left join sluice.run r on r.run_id = f.run_id and (r.finished_at is null or f.status = 'held')
    cross join lateral (
      select exists (select from pg_locks l
                      where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
                        and l.database = (select oid from pg_database where datname = current_database())
                        and (l.classid::bigint << 32 | l.objid::bigint) = ${LEASE_SPACE}::bigint + f.file_id) as here) held
   where f.finished_at is null or f.status = 'held'
   order by f.mtime_ns, f.file_id`;
