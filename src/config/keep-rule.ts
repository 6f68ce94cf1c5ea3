/** How long, or how much of something, is kept. Null: no such limit. */
export interface KeepRule {
  readonly days: number | null;
  readonly bytes: number | null;
}

export const KEEP_FOREVER: KeepRule = { days: null, bytes: null };

/** Files are looked at for a day after their end, in case their sender goes on writing to them. */
const LEAST_DAYS = 2;
const MOST_DAYS = 36_500;
const UNITS: Readonly<Record<string, number>> = { mb: 1e6, gb: 1e9, tb: 1e12 };

export const KEEP_RULE_ALLOWED = `forever, an age such as 30d (${LEAST_DAYS} days or more), a size such as 500MB, 20GB or 1TB, or both: 90d 20GB`;

/** Undefined when the text is no such rule. */
export function parseKeepRule(text: string): KeepRule | undefined {
  if (text.trim().toLowerCase() === 'forever') return KEEP_FOREVER;
  let [days, bytes]: [number | null, number | null] = [null, null];
  for (const word of text.trim().split(/[\s,]+/)) {
    const [, digits = '', unit = ''] = /^(\d{1,9})(d|mb|gb|tb)$/i.exec(word) ?? [];
    const size = UNITS[unit.toLowerCase()];
    if (unit.toLowerCase() === 'd' && days === null) days = Number(digits);
    else if (size !== undefined && bytes === null) bytes = Number(digits) * size;
    else return undefined;
  }
  return days !== null && (days < LEAST_DAYS || days > MOST_DAYS) ? undefined : { days, bytes };
}

/** Undefined when the text is no number of days. */
export function parseKeepDays(text: string): KeepRule | undefined {
  const rule = parseKeepRule(text);
  return rule === undefined || rule.bytes !== null ? undefined : rule;
}

export const KEEP_DAYS_ALLOWED = `forever, or an age such as 365d (${LEAST_DAYS} days or more)`;
