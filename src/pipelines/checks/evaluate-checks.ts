import type { PoolClient } from 'pg';
import { checkName } from '../../config/check-checks.ts';
import type { CheckConfig } from '../../config/define-checks.ts';
import { toSluiceError } from '../../db/database-error.ts';
import { messageOf } from '../../errors.ts';
import { type CheckResult, failingStatus, severityOf } from './check-result.ts';
import {
  failingCount,
  failingRows,
  MOST_RUNS,
  ROWS,
  rowCondition,
  rowsBeside,
  runsWithSame,
} from './failing-rows.ts';
import { countMessage } from './row-count.ts';

/** The rows that are checked, and what surrounds them. */
export interface CheckScope {
  readonly client: PoolClient;
  /** A SELECT that gives the rows. */
  readonly source: string;
  /** Columns of the rows. */
  readonly columns: ReadonlySet<string>;
  /** The column that a name in a check stands for. */
  columnOf(name: string): string;
  /** Quoted relation that `staging.x` or `warehouse.x` stands for. */
  relationOf(kind: 'staging' | 'warehouse', name: string): string;
  /** A SELECT of the rows with these columns that stay published beside those that are checked; null when there are none. */
  publishedRows(columns: readonly string[]): Promise<string | null>;
  /** Rows of the delivery, or of the state, before this one; null when there was none. */
  previousRows(): Promise<number | null>;
  /** Checks of severity `hold` only warn. */
  readonly holdsWaived: boolean;
}

/** Found out about one check. */
interface Finding {
  readonly rowsFailing: number | null;
  readonly message: string | null;
}

/**
 * Evaluates checks inside the transaction at hand, set by set: what concerns single rows in one scan of them all. A
 * check that cannot be evaluated does not hold, and its message says why; what passes by itself is thrown.
 */
export async function evaluateChecks(
  scope: CheckScope,
  checks: readonly CheckConfig[],
): Promise<CheckResult[]> {
  const asked = checks.filter(({ check }) => check !== 'freshness');
  if (asked.length === 0) return [];
  const scan = await scanRows(scope, asked);
  const results: CheckResult[] = [];
  for (const config of asked) {
    const known = scan.failing.get(config);
    const finding =
      known === undefined ? await findSeparately(scope, config, scan.total) : ofRows(known, scan.total);
    results.push(await resultOf(scope, config, finding, scan.total));
  }
  return results;
}

/** Counts the rows, and those that fail each check of single rows; those are left out that Postgres cannot evaluate. */
async function scanRows(
  scope: CheckScope,
  checks: readonly CheckConfig[],
): Promise<{ total: number; failing: ReadonlyMap<CheckConfig, number> }> {
  const conditions = checks.flatMap((config) => {
    const condition = missingColumn(scope, config) === null ? rowCondition(scope, config) : null;
    return condition === null ? [] : [{ config, condition }];
  });
  const counts = conditions.map(({ condition }) => `count(*) filter (where ${condition})`);
  const scanned = await attempt(scope.client, () =>
    scope.client.query<{ counts: number[] }>(
      `${ROWS(scope)} select json_build_array(${['count(*)', ...counts].join(', ')}) as counts from sluice_rows r`,
    ),
  );
  if ('value' in scanned) {
    const [total = 0, ...failing] = scanned.value.rows[0]?.counts ?? [];
    return { total, failing: new Map(conditions.map(({ config }, at) => [config, failing[at] ?? 0])) };
  }
  const { rows } = await scope.client.query<{ total: number }>(
    `${ROWS(scope)} select count(*) as total from sluice_rows`,
  );
  return { total: rows[0]?.total ?? 0, failing: new Map() };
}

async function findSeparately(scope: CheckScope, config: CheckConfig, total: number): Promise<Finding> {
  const missing = missingColumn(scope, config);
  if (missing !== null) return { rowsFailing: null, message: `there is no column ${missing}` };
  if (config.check === 'row_count') {
    const previous = await scope.previousRows();
    return { rowsFailing: null, message: countMessage(config, total, previous) };
  }
  const beside = await rowsBeside(scope, config);
  const counted = await attempt(scope.client, async () => {
    const failing = await failingCount(scope, config, beside);
    const runs = failing === 0 || beside === null ? [] : await runsWithSame(scope, config, beside);
    return { failing, runs };
  });
  return 'value' in counted
    ? ofRows(counted.value.failing, total, counted.value.runs)
    : { rowsFailing: null, message: counted.problem.replace(/\s*\n\s*/g, ' ') };
}

function ofRows(failing: number, total: number, runs: readonly number[] = []): Finding {
  const count = new Intl.NumberFormat('en-US').format;
  const shown = runs.slice(0, MOST_RUNS).join(', ') + (runs.length > MOST_RUNS ? ' and others' : '');
  const published = runs.length === 0 ? '' : `; published already by run ${shown}`;
  return {
    rowsFailing: failing,
    message: failing === 0 ? null : `${count(failing)} of ${count(total)} rows${published}`,
  };
}

async function resultOf(
  scope: CheckScope,
  config: CheckConfig,
  { rowsFailing, message }: Finding,
  rowsChecked: number,
): Promise<CheckResult> {
  const base = { name: checkName(config), kind: config.check, severity: severityOf(config), rowsChecked };
  if (message === null) return { ...base, status: 'passed', rowsFailing, message, failures: [] };
  const status = failingStatus(config, scope.holdsWaived);
  const kept =
    (rowsFailing ?? 0) > 0
      ? await attempt(scope.client, async () => failingRows(scope, config, await rowsBeside(scope, config)))
      : { value: [] };
  return { ...base, status, rowsFailing, message, failures: 'value' in kept ? kept.value : [] };
}

function missingColumn(scope: CheckScope, config: CheckConfig): string | null {
  const named = 'columns' in config ? [config.columns].flat() : 'column' in config ? [config.column] : [];
  return named.find((name) => !scope.columns.has(scope.columnOf(name))) ?? null;
}

/** What a check has wrong leaves the transaction as it was; an error that can pass ends it. */
async function attempt<T>(
  client: PoolClient,
  work: () => Promise<T>,
): Promise<{ value: T } | { problem: string }> {
  await client.query('savepoint sluice_check');
  try {
    const value = await work();
    await client.query('release sluice_check');
    return { value };
  } catch (error) {
    if (toSluiceError(error).kind === 'transient') throw error;
    await client.query('rollback to sluice_check');
    return { problem: messageOf(error) };
  }
}
