import type { Pool } from 'pg';
import type { Reject } from './rejects.ts';

/** A load with rejects: what a reject file is made of. */
export interface RejectedLoad {
  readonly loadId: number;
  readonly runId: number;
  /** Base name of the run's source file, safe to display. */
  readonly fileName: string;
  readonly entryName: string | null;
  /** What stood before the first record, byte for byte. */
  readonly head: Buffer;
}

/** The loads with rejects that a file has to do with: its own, and the one that it corrects. */
export async function rejectedLoads(pool: Pool, fileId: number): Promise<RejectedLoad[]> {
  const { rows } = await pool.query<RejectedLoadRow>(LOADS, [fileId]);
  return rows.map((row) => ({
    loadId: row.load_id,
    runId: row.run_id,
    fileName: row.name,
    entryName: row.entry_name,
    head: row.head ?? Buffer.alloc(0),
  }));
}

/** Open rejects of a load in the order of the file, a page at a time: memory does not grow with their number. */
export async function* openRejects(pool: Pool, loadId: number): AsyncGenerator<Reject[]> {
  let after = 0;
  for (;;) {
    const { rows } = await pool.query<RejectPageRow>(PAGE, [loadId, after]);
    if (rows.length === 0) return;
    yield rows.map((row) => ({
      record: row.record_number,
      line: row.line_number ?? 0,
      column: row.column_name,
      code: row.code,
      message: row.message,
      sqlstate: row.sqlstate,
      raw: row.raw,
    }));
    after = rows.at(-1)?.record_number ?? after;
  }
}

interface RejectedLoadRow {
  load_id: number;
  run_id: number;
  name: string;
  entry_name: string | null;
  head: Buffer | null;
}

interface RejectPageRow {
  record_number: number;
  line_number: number | null;
  column_name: string | null;
  code: string;
  message: string;
  sqlstate: string | null;
  raw: Buffer;
}

const LOADS = `
  select l.load_id, l.run_id, f.name, l.entry_name, l.head
    from sluice.load_job l
    join sluice.run r on r.run_id = l.run_id
    join sluice.source_file f on f.file_id = r.file_id
   where l.rows_rejected > 0 and l.file_id = r.file_id
     and l.run_id in (select run_id from sluice.load_job where file_id = $1)
   order by l.load_id`;

const PAGE = `
  select record_number, line_number, column_name, code, message, sqlstate, raw
    from sluice.reject
   where load_id = $1 and record_number > $2 and resolved_by is null
   order by record_number
   limit 2000`;
