import type { DatasetConfig } from './define.ts';
import type { RejectLimit, Settings } from './settings.ts';

export const REJECT_LIMIT_ALLOWED =
  'a count of rows such as 100, a percentage of the records read such as 10%, or none';

/** Null when the value is not a limit. A number is a count of rows. */
export function parseRejectLimit(value: string | number): RejectLimit | null {
  const text = String(value).trim().toLowerCase();
  if (text === 'none') return { kind: 'none' };
  if (/^\d+$/.test(text)) return countOf(Number(text));
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(text)?.[1];
  if (percent === undefined || Number(percent) > 100) return null;
  return { kind: 'percent', percent: Number(percent) };
}

/** The dataset's own limit, else REJECT_LIMIT. */
export function rejectLimitFor(settings: Settings, dataset: DatasetConfig | undefined): RejectLimit {
  const own = dataset?.rejectLimit === undefined ? null : parseRejectLimit(dataset.rejectLimit);
  return own ?? settings.rejectLimit;
}

function countOf(rows: number): RejectLimit | null {
  return Number.isSafeInteger(rows) ? { kind: 'count', rows } : null;
}
