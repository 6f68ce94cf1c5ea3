import type { CheckConfig, CheckSeverity } from '../../config/define-checks.ts';

/** `passed`, or what its severity makes of a check that does not hold. */
export type CheckStatus = 'passed' | 'warned' | 'held' | 'failed';

/** How one check came out. */
export interface CheckResult {
  readonly name: string;
  readonly kind: CheckConfig['check'];
  readonly severity: CheckSeverity;
  readonly status: CheckStatus;
  /** Rows that were looked at; null when it could not be evaluated. */
  readonly rowsChecked: number | null;
  /** Null for a check that is not about single rows. */
  readonly rowsFailing: number | null;
  /** Why it does not hold; null when it does. */
  readonly message: string | null;
  /** Rows that fail, as JSON; the first MOST_KEPT of them. */
  readonly failures: readonly string[];
}

/** Rows that are kept of each check to be looked at. */
export const MOST_KEPT = 100;

const FAILING: Readonly<Record<CheckSeverity, CheckStatus>> = {
  warn: 'warned',
  hold: 'held',
  fail: 'failed',
};

export function severityOf({ check, severity }: CheckConfig): CheckSeverity {
  return severity ?? (check === 'freshness' ? 'warn' : 'fail');
}

/** A check of severity `hold` whose hold has been lifted only warns. */
export function failingStatus(config: CheckConfig, holdsWaived: boolean): CheckStatus {
  const severity = severityOf(config);
  return holdsWaived && severity === 'hold' ? 'warned' : FAILING[severity];
}

/** The results that stop what was checked; those that fail it come before those that hold it. */
export function stopping(results: readonly CheckResult[]): CheckResult[] {
  const failed = results.filter(({ status }) => status === 'failed');
  return [...failed, ...results.filter(({ status }) => status === 'held')];
}

const MOST_NAMED = 3;

/** `unique_id: 2 of 10 rows; …` */
export function reasonOf(results: readonly CheckResult[]): string {
  const named = results.slice(0, MOST_NAMED).map(({ name, message }) => `${name}: ${message}`);
  const more = results.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more checks`] : [])].join('; ');
}
