import type { Pool } from 'pg';
import type { Settings } from '../config/settings.ts';
import { saveChecks } from '../ledger/checks.ts';
import { type CheckResult, stopping } from '../pipelines/checks/check-result.ts';
import { evaluateFreshness, lastDeadline } from '../pipelines/checks/freshness.ts';
import { feedsOf } from '../pipelines/checks/freshness-watch.ts';
import { datasetFrom } from '../pipelines/identify/dataset-name.ts';
import { checkModels } from '../pipelines/transform/check-models.ts';
import { type CommonOptions, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { camelCased, printJson, printLine, printTable } from './output.ts';

export interface ChecksOptions extends CommonOptions {
  readonly rows?: boolean;
  readonly run?: boolean;
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

/**
 * `sluice checks [SUBJECT]`: how each check came out when it was evaluated last, with `--rows` what fails it. `--run` evaluates
 * first what is about feeds and models.
 */
export function checks(subject: string | undefined, options: ChecksOptions): Promise<number> {
  return withLedger(options, async ({ pool }, { settings }) => {
    const evaluated = options.run ? await evaluate(pool, settings, subject) : [];
    const rows = await latestChecks(pool, subject ?? null);
    const failing = options.rows ? await failingRows(pool, subject ?? null) : [];
    if (options.json) printJson(rows.map((row) => asJson(row, options.rows ? failing : null)));
    else printChecks(rows, failing);
    return stopping(evaluated).length > 0 ? EXIT.failed : EXIT.ok;
  });
}

async function evaluate(pool: Pool, settings: Settings, subject: string | undefined): Promise<CheckResult[]> {
  const isWanted = (name: string) => subject === undefined || subject === name;
  const results: CheckResult[] = [];
  for (const { dataset, config } of feedsOf(settings.datasets, datasetFrom)) {
    if (!isWanted(dataset)) continue;
    const deadline = lastDeadline(config, new Date());
    const result = await evaluateFreshness(pool, dataset, config, deadline);
    await saveChecks(pool, { kind: 'dataset', name: dataset, runId: null }, [result]);
    results.push(result);
  }
  return [...results, ...(await checkModels(pool, settings, isWanted))];
}

async function latestChecks(pool: Pool, subject: string | null): Promise<ChecksRow[]> {
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
