import type { InferredType } from './join-types.ts';

const MAX_INT64_DIGITS = 19;
const MAX_INT64 = '9223372036854775807';
const MIN_INT64_MAGNITUDE = '9223372036854775808';
/** Postgres's numeric holds that many digits behind the point. */
const MAX_SCALE = 16_383;
/** Postgres refuses zones further from Greenwich. */
const MAX_ZONE_HOUR = '15';

const DECIMAL = /^-?(?:0|[1-9]\d{0,17})\.(\d+)$/;
const NEGATIVE_ZERO = /^-0\.0+$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIMESTAMP =
  /^\d{4}-\d{2}-\d{2}[T ]([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?(Z|[+-]\d{2}(?::[0-5]\d)?)?$/;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const BOOLEAN = /^(?:true|false|t|f)$/i;

/**
 * True when Postgres accepts the text for the type, whatever the session's settings, and nothing in the text is
 * lost by it: whole numbers and decimals in their one canonical spelling, real calendar dates of the years 0001
 * to 9999, times to the microsecond. A date is also a timestamp, a whole number also a numeric.
 */
export function fitsType(type: InferredType, value: string): boolean {
  switch (type) {
    case 'bigint':
      return isBigint(value);
    case 'numeric':
      return isBigint(value) || isDecimal(value);
    case 'boolean':
      return value.length <= 5 && BOOLEAN.test(value);
    case 'date':
      return isDate(value);
    case 'timestamp':
      return isDate(value) || zoneOf(value) === '';
    case 'timestamptz':
      return (zoneOf(value) ?? '') !== '';
    case 'uuid':
      return value.length === 36 && UUID.test(value);
    case 'text':
      return !value.includes('\0');
  }
}

/** The narrowest type for one value. */
export function typeOf(value: string): InferredType {
  if (isBigint(value)) return 'bigint';
  const first = value.charCodeAt(0);
  const isDigit = first >= 48 && first <= 57;
  if ((isDigit || first === 45) && isDecimal(value)) return 'numeric';
  if (isDigit && value.charCodeAt(4) === 45) {
    if (isDate(value)) return 'date';
    const zone = zoneOf(value);
    if (zone !== null) return zone === '' ? 'timestamp' : 'timestamptz';
  }
  if (fitsType('boolean', value)) return 'boolean';
  return fitsType('uuid', value) ? 'uuid' : 'text';
}

function isBigint(value: string): boolean {
  const negative = value.charCodeAt(0) === 45;
  const start = negative ? 1 : 0;
  const digits = value.length - start;
  if (digits < 1 || digits > MAX_INT64_DIGITS) return false;
  if (value.charCodeAt(start) === 48 && value.length > 1) return false;
  for (let at = start; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code < 48 || code > 57) return false;
  }
  return digits < MAX_INT64_DIGITS || value.slice(start) <= (negative ? MIN_INT64_MAGNITUDE : MAX_INT64);
}

function isDecimal(value: string): boolean {
  const fraction = DECIMAL.exec(value)?.[1];
  return fraction !== undefined && fraction.length <= MAX_SCALE && !NEGATIVE_ZERO.test(value);
}

function isDate(value: string): boolean {
  return value.length === 10 && DATE.test(value) && isRealDay(value);
}

/** The zone of a timestamp, empty when it has none; null when the value is no timestamp. */
function zoneOf(value: string): string | null {
  const match = TIMESTAMP.exec(value);
  if (match === null || !isRealDay(value)) return null;
  const zone = match[2] ?? '';
  return zone.length > 1 && zone.slice(1, 3) > MAX_ZONE_HOUR ? null : zone;
}

/** Whether the first ten characters, of the form YYYY-MM-DD, are a day of the (proleptic) Gregorian calendar. */
function isRealDay(value: string): boolean {
  const year = Number(value.slice(0, 4));
  const month = Number(value.slice(5, 7));
  const day = Number(value.slice(8, 10));
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(month, year);
}

function daysIn(month: number, year: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
