import type pg from 'pg';
import { type CommonOptions, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { camelCased, printJson, printLine, printTable } from './output.ts';

interface WaitingRow {
  file_id: number;
  name: string;
  path: string;
  size_bytes: number;
  status: string;
  detected_at: Date;
  attempts: number;
  next_attempt_at: Date | null;
  waiting_for: string | null;
}

/** `sluice status`: how many files are in which state, and what the unfinished ones wait for. */
export function status(options: CommonOptions): Promise<number> {
  return withLedger(options, async ({ pool }) => {
    const counts = await countByStatus(pool);
    const { rows: waiting } = await pool.query<WaitingRow>(WAITING);
    if (options.json) {
      printJson({ counts, waiting: camelCased(waiting) });
      return EXIT.ok;
    }
    printTable(['status', 'files'], Object.entries(counts));
    if (waiting.length === 0) return EXIT.ok;
    printLine('');
    printTable(
      ['file', 'status', 'bytes', 'attempts', 'next attempt', 'waits for'],
      waiting.map((row) => [
        row.path,
        row.status,
        row.size_bytes,
        row.attempts,
        row.next_attempt_at,
        row.waiting_for,
      ]),
    );
    return EXIT.ok;
  });
}

async function countByStatus(pool: pg.Pool): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ status: string; files: number }>(
    'select status, count(*) as files from sluice.files group by status order by status',
  );
  return Object.fromEntries(rows.map((row) => [row.status, row.files]));
}

const WAITING = `
  select f.file_id, f.name, f.path, f.size_bytes, f.status, f.detected_at, f.attempts, f.next_attempt_at,
         coalesce(r.error_code || ': ' || r.error_message, f.waiting_for,
                  case when r.run_id is null then 'a free place in the queue' else 'its run to end' end) as waiting_for
    from sluice.source_file f
    left join sluice.run r on r.run_id = f.run_id and (r.finished_at is null or f.status = 'held')
   where f.finished_at is null or f.status = 'held'
   order by f.mtime_ns, f.file_id`;
