import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../db/transaction.ts';
import type { Dialect } from '../formats/delimited/dialect.ts';
import { rejectFileNames } from './reject-file-names.ts';
import type { Reject } from './rejects.ts';

/** A load with rejects: what a reject file is made of. */
export interface RejectedLoad {
  readonly loadId: number;
  readonly runId: number;
  /** Base name of the run's source file, safe to display. */
  readonly fileName: string;
  readonly entryName: string | null;
  /** Name of its reject file. */
  readonly rejectFile: string;
  /** What stood before the first record, byte for byte. */
  readonly head: Buffer;
  /** How its records are written; null when that was not noted. */
  readonly dialect: Dialect | null;
  /** False for a load that was taken back or replaced: there is nothing to correct any more. */
  readonly isOpen: boolean;
}

/** The loads with rejects that a file has to do with: its own, and the one that it corrects. */
export async function rejectedLoads(pool: Pool, fileId: number): Promise<RejectedLoad[]> {
  const { rows } = await pool.query<RejectedLoadRow>(LOADS, [fileId]);
  const loads = rows.map((row) => ({
    loadId: row.load_id,
    runId: row.run_id,
    fileName: row.name,
    entryName: row.entry_name,
    head: row.head ?? Buffer.alloc(0),
    dialect: row.dialect,
    isOpen: !['retracted', 'superseded'].includes(row.status),
  }));
  const names = rejectFileNames(loads);
  return loads.map((load) => ({ ...load, rejectFile: names.get(load.loadId) as string }));
}

/**
 * Hands on the open rejects of a load in the order of the file, a page at a time: memory does not grow with them. A
 * record that was too long comes as several, one for each piece.
 */
export async function readOpenRejects(
  pool: Pool,
  loadId: number,
  onPage: (rejects: Reject[]) => Promise<void>,
): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query(CURSOR, [loadId]);
    for (;;) {
      const { rows } = await client.query<RejectPlaceRow>('FETCH 5000 FROM open_reject');
      if (rows.length === 0) return;
      for (const page of pagesOf(rows)) {
        const [first, last] = [page[0], page.at(-1)].map((row) => row?.record_number);
        const found = await client.query<RejectPageRow>(PAGE, [loadId, first, last]);
        await onPage(found.rows.map(toReject));
        if (page.at(-1)?.in_pieces) await readPieces(client, loadId, found.rows.at(-1), onPage);
      }
    }
  });
}

/** A page ends where it would be too large, and after a record in pieces. */
function pagesOf(rows: readonly RejectPlaceRow[]): RejectPlaceRow[][] {
  const pages: RejectPlaceRow[][] = [];
  let room = 0;
  for (const row of rows) {
    if (room < row.bytes || pages.length === 0) {
      pages.push([]);
      room = PAGE_BYTES;
    }
    pages.at(-1)?.push(row);
    room = row.in_pieces ? -1 : room - row.bytes;
  }
  return pages;
}

async function readPieces(
  client: PoolClient,
  loadId: number,
  record: RejectPageRow | undefined,
  onPage: (rejects: Reject[]) => Promise<void>,
): Promise<void> {
  if (record === undefined) return;
  for (let piece = 1; ; piece++) {
    const { rows } = await client.query<{ raw: Buffer }>(PIECE, [loadId, record.record_number, piece]);
    const [found] = rows;
    if (found === undefined) return;
    await onPage([{ ...toReject({ ...record, raw: found.raw }), piece }]);
  }
}

function toReject(row: RejectPageRow): Reject {
  return {
    record: row.record_number,
    line: row.line_number ?? 0,
    column: row.column_name,
    code: row.code,
    message: row.message,
    sqlstate: row.sqlstate,
    raw: row.raw,
  };
}

interface RejectedLoadRow {
  load_id: number;
  run_id: number;
  name: string;
  entry_name: string | null;
  head: Buffer | null;
  dialect: Dialect | null;
  status: string;
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
  select l.load_id, l.run_id, f.name, l.entry_name, l.head, l.dialect, l.status
    from sluice.load_job l
    join sluice.run r on r.run_id = l.run_id
    join sluice.source_file f on f.file_id = r.file_id
   where l.rows_rejected > 0 and l.file_id = r.file_id
     and l.run_id in (select run_id from sluice.load_job where file_id = $1)
   order by l.load_id`;

/** Bytes of records that are in memory at once; a single one may be longer. */
const PAGE_BYTES = 8 * 1024 * 1024;

interface RejectPlaceRow {
  record_number: number;
  bytes: number;
  in_pieces: boolean;
}

const CURSOR = `
  DECLARE open_reject NO SCROLL CURSOR FOR
  select record_number, octet_length(raw) as bytes,
         record_number in (select record_number from sluice.reject_piece where load_id = $1 and piece = 1) as in_pieces
    from sluice.reject
   where load_id = $1 and resolved_by is null
   order by record_number`;

const PAGE = `
  select record_number, line_number, column_name, code, message, sqlstate, raw
    from sluice.reject
   where load_id = $1 and resolved_by is null and record_number between $2 and $3
   order by record_number`;

const PIECE = 'select raw from sluice.reject_piece where load_id = $1 and record_number = $2 and piece = $3';
