import type { Pool, PoolClient } from 'pg';
import { checkName, WEEKDAYS } from '../../config/check-checks.ts';
import type { CheckConfig, Weekday } from '../../config/define-checks.ts';
import { rowsPublishedSince } from '../../ledger/checks.ts';
import { type CheckResult, failingStatus, severityOf } from './check-result.ts';

export type Freshness = Extract<CheckConfig, { check: 'freshness' }>;

/** The moment by which rows had to be there, and since when they count. */
export interface Deadline {
  readonly since: Date;
  readonly at: Date;
}

const WORKDAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri'];

/** The last deadline that has passed, on this machine's clock. */
export function lastDeadline(config: Freshness, now: Date): Deadline {
  const [hours = 0, minutes = 0] = config.by.split(':').map(Number);
  for (let daysAgo = 0; daysAgo <= WEEKDAYS.length; daysAgo++) {
    const since = new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo);
    const at = new Date(since.getFullYear(), since.getMonth(), since.getDate(), hours, minutes);
    if (at <= now && fallsOn(config, since)) return { since, at };
  }
  throw new Error(`no day of the week is one of ${String(config.days)}`);
}

/** The deadlines as a cron pattern. */
export function deadlinePattern(config: Freshness): string {
  const [hours, minutes] = config.by.split(':').map(Number);
  const { days = 'daily' } = config;
  const numbers = (names: readonly Weekday[]) => names.map((name) => WEEKDAYS.indexOf(name));
  const on = days === 'daily' ? '*' : numbers(days === 'workdays' ? WORKDAYS : days).join(',');
  return `${minutes} ${hours} * * ${on}`;
}

function fallsOn({ days = 'daily' }: Freshness, date: Date): boolean {
  if (days === 'daily') return true;
  const name = WEEKDAYS[date.getDay()] as string;
  return (days === 'workdays' ? WORKDAYS : days).some((day) => day === name);
}

/** Looks whether what was due at a deadline is there by now. */
export async function evaluateFreshness(
  client: Pool | PoolClient,
  dataset: string,
  config: Freshness,
  { since }: Deadline,
): Promise<CheckResult> {
  const wanted = config.rows ?? 1;
  const rows = await rowsPublishedSince(client, dataset, since);
  const isFresh = rows >= wanted;
  const count = new Intl.NumberFormat('en-US').format;
  const day = `${since.getFullYear()}-${two(since.getMonth() + 1)}-${two(since.getDate())}`;
  return {
    ...{ name: checkName(config), kind: 'freshness', severity: severityOf(config) },
    status: isFresh ? 'passed' : failingStatus(config, false),
    ...{ rowsChecked: rows, rowsFailing: null, failures: [] },
    message: isFresh ? null : `${count(rows)} rows on ${day}, expected ${count(wanted)} by ${config.by}`,
  };
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
