/** Signs and codes of no currency in particular, and what stands between groups of digits. */
const AROUND = /[\p{Sc}\s\u00a0\u202f'’]/gu;
const PLAIN = /^[-+]?\d+(?:\.\d+)?(?:e[-+]?\d{1,3})?$/i;
const GROUPED = /^\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*$/;

/**
 * An amount without currency sign and separators of thousands, with a decimal point; null when it is none. The last of
 * two different separators is the decimal one. One alone is decimal, but a comma before exactly three digits and a
 * separator that comes more than once are between thousands.
 */
export function moneyToNumeric(value: string): string | null {
  if (PLAIN.test(value)) return value;
  const bare = value.replace(AROUND, '');
  const match = /^(?<sign>[-+]?)(?<open>\()?(?<digits>[\d.,]*\d)(?<close>\))?(?<trailing>[-+]?)$/.exec(bare);
  if (match?.groups === undefined) return null;
  const { sign = '', open, digits = '', close, trailing = '' } = match.groups;
  if ((open === undefined) !== (close === undefined)) return null;
  if ([sign, open ?? '', trailing].filter((mark) => mark !== '').length > 1) return null;
  const amount = withPoint(digits);
  const isNegative = open !== undefined || sign === '-' || trailing === '-';
  return amount === null ? null : `${isNegative ? '-' : ''}${amount}`;
}

function withPoint(digits: string): string | null {
  const last = Math.max(digits.lastIndexOf('.'), digits.lastIndexOf(','));
  if (last < 0) return digits;
  const separator = digits[last] as string;
  const whole = digits.slice(0, last);
  const other = separator === ',' ? '.' : ',';
  const isLone = !whole.includes(separator) && !whole.includes(other);
  const isThousands = separator === ',' ? GROUPED.test(digits) : whole.includes('.');
  if (isThousands) return GROUPED.test(digits) ? digits.replaceAll(separator, '') : null;
  if (!isLone && !GROUPED.test(whole)) return null;
  return `${whole.replaceAll(other, '') || '0'}.${digits.slice(last + 1)}`;
}
