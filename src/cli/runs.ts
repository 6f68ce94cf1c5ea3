import { SluiceError } from '../errors.ts';
import { type CommonOptions, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { camelCased, printJson, printTable } from './output.ts';

export interface RunsOptions extends CommonOptions {
  readonly limit?: string;
}

const DEFAULT_LIMIT = 50;

interface LoadsRow {
  run_id: number;
  file_name: string;
  entry_name: string | null;
  version_table: string | null;
  status: string;
  records_read: number | null;
  rows_loaded: number | null;
  rows_rejected: number | null;
  seconds: string | null;
  error_code: string | null;
}

/** `sluice runs`: the last load jobs, newest first, in the fields of `sluice.loads`. */
export function runs(options: RunsOptions): Promise<number> {
  const limit = Number(options.limit ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new SluiceError('USAGE', { reason: `--limit ${options.limit}: allowed is a whole number from 1` });
  }
  return withLedger(options, async ({ pool }) => {
    const { rows } = await pool.query<LoadsRow>(
      'select * from sluice.loads order by run_id desc, entry_name limit $1',
      [limit],
    );
    if (options.json) printJson(rows.map(asJson));
    else printTable(COLUMNS, rows.map(asCells));
    return EXIT.ok;
  });
}

/** `seconds` is exact to the millisecond, so that a number holds it. */
function asJson(row: LoadsRow): unknown {
  return camelCased({ ...row, seconds: secondsOf(row) });
}

function secondsOf(row: LoadsRow): number | null {
  return row.seconds === null ? null : Number(row.seconds);
}

const COLUMNS = ['run', 'file', 'entry', 'status', 'table', 'read', 'loaded', 'rejected', 'seconds', 'error'];

function asCells(row: LoadsRow): unknown[] {
  return [
    row.run_id,
    row.file_name,
    row.entry_name,
    row.status,
    row.version_table,
    row.records_read,
    row.rows_loaded,
    row.rows_rejected,
    secondsOf(row),
    row.error_code,
  ];
}
