import type { Pool } from 'pg';
import { type CommonOptions, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { camelCased, printJson, printLine, printTable } from './output.ts';

export interface ChecksOptions extends CommonOptions {
  readonly rows?: boolean;
}

interface ChecksRow {
  check_id: number;
  subject_kind: string;
  subject: string;
  name: string;
  kind: string;
  severity: string;
  status: string;
  rows_checked: number | null;
  rows_failing: number | null;
  message: string | null;
  run_id: number | null;
  file_name: string | null;
  checked_at: Date;
}

interface FailingRow {
  subject: string;
  name: string;
  row: unknown;
}

/** `sluice checks [SUBJECT]`: how each check came out when it was evaluated last, and with `--rows` what fails it. */
export function checks(subject: string | undefined, options: ChecksOptions): Promise<number> {
  return withLedger(options, async ({ pool }) => {
    const rows = await latestChecks(pool, subject ?? null);
    const failing = options.rows ? await failingRows(pool, subject ?? null) : [];
    if (options.json) printJson(rows.map((row) => asJson(row, options.rows ? failing : null)));
    else printChecks(rows, failing);
    return EXIT.ok;
  });
}

export async function latestChecks(pool: Pool, subject: string | null): Promise<ChecksRow[]> {
  const { rows } = await pool.query<ChecksRow>(
    `select check_id, subject_kind, subject, name, kind, severity, status, rows_checked, rows_failing, message,
            run_id, file_name, checked_at
       from sluice.checks where latest and ($1::text is null or subject = $1)
      order by subject_kind, subject, check_id`,
    [subject],
  );
  return rows;
}

async function failingRows(pool: Pool, subject: string | null): Promise<FailingRow[]> {
  const { rows } = await pool.query<FailingRow>(
    `select subject, name, "row" from sluice.check_failures where $1::text is null or subject = $1
      order by subject, name, number`,
    [subject],
  );
  return rows;
}

function asJson({ check_id: _, ...row }: ChecksRow, failing: readonly FailingRow[] | null): unknown {
  const fields = camelCased(row) as Record<string, unknown>;
  // Columns are the user's, and keep their names.
  return failing === null ? fields : { ...fields, rows: ofCheck(row, failing).map((one) => one.row) };
}

function ofCheck(check: Pick<ChecksRow, 'subject' | 'name'>, failing: readonly FailingRow[]): FailingRow[] {
  return failing.filter(({ subject, name }) => subject === check.subject && name === check.name);
}

const COLUMNS = ['subject', 'check', 'severity', 'status', 'failing', 'rows', 'run', 'checked', 'message'];

function printChecks(rows: readonly ChecksRow[], failing: readonly FailingRow[]): void {
  printTable(COLUMNS, rows.map(asCells));
  for (const row of rows) {
    const found = ofCheck(row, failing);
    if (found.length === 0) continue;
    printLine('');
    printLine(`${row.subject} ${row.name}: ${row.message}`);
    for (const one of found) printLine(JSON.stringify(one.row));
  }
}

function asCells(row: ChecksRow): unknown[] {
  const { subject, name, severity, status, rows_failing, rows_checked, run_id, checked_at, message } = row;
  return [subject, name, severity, status, rows_failing, rows_checked, run_id, checked_at, message];
}
