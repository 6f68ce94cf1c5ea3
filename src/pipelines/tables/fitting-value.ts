import { canonicalType } from './type-names.ts';
import { holdsType } from './widen-types.ts';

/** SQL that casts `value` from one type to another; NULL for a value that the other cannot hold. */
export function fittingValue(value: string, from: string, to: string): string {
  if (to === 'text' || holdsType(to, from)) return `${value}::${to}`;
  const condition = conditionFor(value, canonicalType(from), canonicalType(to));
  return condition === null ? `NULL::${to}` : `(CASE WHEN ${condition} THEN ${value} END)::${to}`;
}

const WHOLE: Readonly<Record<string, { readonly range: string; readonly digits: number }>> = {
  smallint: { range: '-32768 AND 32767', digits: 4 },
  integer: { range: '-2147483648 AND 2147483647', digits: 9 },
  bigint: { range: '-9223372036854775808 AND 9223372036854775807', digits: 18 },
};

/** Null when no value is known to fit. */
function conditionFor(value: string, from: string, to: string): string | null {
  const whole = WHOLE[to];
  if (whole !== undefined) {
    if (isText(from)) return `${value} ~ '^-?[0-9]{1,${whole.digits}}$'`;
    if (from.startsWith('numeric')) return `${value} BETWEEN ${whole.range} AND trunc(${value}) = ${value}`;
    return from in WHOLE ? `${value} BETWEEN ${whole.range}` : null;
  }
  const [, digits, scale = '0'] = /^numeric\((\d+)(?:,(\d+))?\)$/.exec(to) ?? [];
  if (digits !== undefined && (from in WHOLE || from.startsWith('numeric'))) {
    const most = `1e${Number(digits) - Number(scale)}`;
    return `abs(${value}) < ${most} AND round(${value}::numeric, ${scale}) = ${value}`;
  }
  const [, length] = /^character(?: varying)?\((\d+)\)$/.exec(to) ?? [];
  if (length !== undefined && isText(from)) return `length(${value}) <= ${length}`;
  return to === 'date' && /^timestamp.* without/.test(from) ? `${value} = ${value}::date` : null;
}

function isText(type: string): boolean {
  return type === 'text' || type.startsWith('character varying');
}
