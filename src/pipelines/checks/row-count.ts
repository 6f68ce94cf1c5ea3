import type { CheckConfig } from '../../config/define-checks.ts';

type RowCount = Extract<CheckConfig, { check: 'row_count' }>;

const COUNT = new Intl.NumberFormat('en-US');

/** What is wrong with a number of rows; null when nothing is. Without a previous state its ratio is not looked at. */
export function countMessage(config: RowCount, rows: number, previous: number | null): string | null {
  const { min, max, minRatio, maxRatio } = config;
  const said = `${COUNT.format(rows)} rows`;
  if (min !== undefined && rows < min) return `${said}, fewer than ${COUNT.format(min)}`;
  if (max !== undefined && rows > max) return `${said}, more than ${COUNT.format(max)}`;
  if (previous === null) return null;
  const before = `${COUNT.format(previous)} before`;
  if (minRatio !== undefined && rows < previous * minRatio)
    return `${said}, less than ${minRatio} of ${before}`;
  if (maxRatio !== undefined && rows > previous * maxRatio)
    return `${said}, more than ${maxRatio} times ${before}`;
  return null;
}
