import { fitsType } from '../inference/infer-types.ts';
import { canonicalType } from '../tables/type-names.ts';

/** True: Postgres certainly takes the text for the type. False: Postgres has to be asked. */
export type QuickCheck = (value: string) => boolean;

/** Every text is certainly taken; there is nothing to check. */
export const ANYTHING: QuickCheck = () => true;

const ASK: QuickCheck = () => false;

/** The check for a column type, by its name as people or Postgres write it. Unknown types are always asked about. */
export function quickCheck(type: string): QuickCheck {
  const canonical = canonicalType(type);
  const known = EXACT[canonical];
  if (known !== undefined) return known;
  const length = /^character varying\((\d+)\)$/.exec(canonical)?.[1];
  if (length !== undefined) return shorterThan(Number(length));
  const numeric = /^numeric\((\d+)(?:,(\d+))?\)$/.exec(canonical);
  return numeric === null ? ASK : withinDigits(Number(numeric[1]), Number(numeric[2] ?? 0));
}

/**
 * The check for a declared type: what Postgres takes for it in other forms than an inferred type has, such as 1 for true
 * or a seventh digit of a second, which it rounds.
 */
export function declaredCheck(type: string): QuickCheck {
  const canonical = canonicalType(type);
  if (Object.hasOwn(FORMS, canonical)) return FORMS[canonical] as QuickCheck;
  if (/^timestamp\(\d\) without time zone$/.test(canonical)) return isTimestamp;
  const length = /^character\((\d+)\)$/.exec(canonical)?.[1];
  return length === undefined ? quickCheck(type) : shorterThan(Number(length));
}

const isTimestamp: QuickCheck = (value) => fitsType('timestamp', value.replace(/(\.\d{6})\d{1,3}$/, '$1'));
/** Within the range of both floating-point types. */
const isFloat: QuickCheck = (value) => /^-?\d{1,15}(?:\.\d{1,20})?$/.test(value);

const FORMS: Readonly<Record<string, QuickCheck>> = {
  boolean: (value) => value === '0' || value === '1' || fitsType('boolean', value),
  'timestamp without time zone': isTimestamp,
  real: isFloat,
  'double precision': isFloat,
  bytea: (value) => /^\\x(?:[\da-f]{2})*$/i.test(value),
  json: isJson,
};

/** Postgres's `json` keeps the text and takes just what the standard does. */
function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

const EXACT: Readonly<Record<string, QuickCheck>> = {
  text: ANYTHING,
  'character varying': ANYTHING,
  bigint: (value) => fitsType('bigint', value),
  integer: (value) => isWholeNumber(value, 2 ** 31 - 1),
  smallint: (value) => isWholeNumber(value, 2 ** 15 - 1),
  numeric: (value) => fitsType('numeric', value),
  boolean: (value) => fitsType('boolean', value),
  date: (value) => fitsType('date', value),
  'timestamp without time zone': (value) => fitsType('timestamp', value),
  'timestamp with time zone': (value) => fitsType('timestamptz', value),
  uuid: (value) => fitsType('uuid', value),
};

/** An optional minus and digits, not beyond `most` either way. */
function isWholeNumber(value: string, most: number): boolean {
  const first = value.charCodeAt(0) === 45 ? 1 : 0;
  const length = value.length - first;
  if (length < 1 || length > 10) return false;
  for (let at = first; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code < 48 || code > 57) return false;
  }
  return Math.abs(Number(value)) <= most;
}

/** A string never has more characters than UTF-16 units. */
function shorterThan(length: number): QuickCheck {
  return (value) => value.length <= length;
}

/** Digits before the point that fit; those behind it are rounded, which may add one before it. */
function withinDigits(precision: number, scale: number): QuickCheck {
  const most = precision - scale;
  return (value) => {
    if (!fitsType('numeric', value)) return false;
    const sign = value.charCodeAt(0) === 45 ? 1 : 0;
    const point = value.indexOf('.');
    return (point < 0 ? value.length : point) - sign < most;
  };
}
