import { canonicalType, shortType } from './type-names.ts';

/**
 * The narrowest type of the same family that holds every value of both types without loss; null when there is none.
 * Whole and decimal numbers, floating-point numbers, texts, dates with times: a column never leaves its family, for
 * queries that reckon with it would break. `timestamp` to `timestamptz` is no widening: the session's zone would decide.
 */
export function joinColumnTypes(a: string, b: string): string | null {
  const [one, other] = [canonicalType(a), canonicalType(b)];
  if (one === other) return shortType(one);
  for (const join of [joinDecimals, joinFloats, joinTexts, joinTimes, joinBits]) {
    const joined = join(one, other) ?? join(other, one);
    if (joined !== null) return shortType(joined);
  }
  return null;
}

/** True when every value of `narrow` is also one of `wide`, and stays what it was. */
export function holdsType(wide: string, narrow: string): boolean {
  return joinColumnTypes(wide, narrow) === shortType(canonicalType(wide));
}

/** True when text written for a column of type `narrow` can be loaded into one of type `wide`, and means the same. */
export function takesType(wide: string, narrow: string): boolean {
  const isPadded = (type: string) => /^character(\(|$)/.test(canonicalType(type));
  return holdsType(wide, narrow) && isPadded(wide) === isPadded(narrow);
}

/** True when Postgres writes a table anew for this change of a column's type, false when it only notes it. */
export function rewritesTable(from: string, to: string): boolean {
  const [before, after] = [parse(from), parse(to)];
  const isText = (base: string) => base === 'character varying' || base === 'text';
  if (isText(before.base) && isText(after.base)) return false;
  if (before.base !== after.base) return true;
  if (before.base === 'numeric') return after.first !== null && before.second !== after.second;
  return !/^(?:time|bit varying)/.test(before.base);
}

interface ParsedType {
  /** Without modifiers. */
  readonly base: string;
  readonly first: number | null;
  readonly second: number | null;
}

function parse(type: string): ParsedType {
  const canonical = canonicalType(type);
  const [, first = null, second = null] = /\((-?\d+)(?:,(-?\d+))?\)/.exec(canonical) ?? [];
  return {
    base: canonical.replace(/\(.*?\)/, ''),
    first: first === null ? null : Number(first),
    second: second === null ? (first === null ? null : 0) : Number(second),
  };
}

const INTEGER_DIGITS: Readonly<Record<string, number>> = { smallint: 5, integer: 10, bigint: 19 };
/** Postgres's largest declared precision. */
const MAX_PRECISION = 1000;

function joinDecimals(a: string, b: string): string | null {
  const [one, other] = [digitsOf(a), digitsOf(b)];
  if (one === null || other === null) return null;
  if (a in INTEGER_DIGITS && b in INTEGER_DIGITS) return one.whole > other.whole ? a : b;
  const whole = Math.max(one.whole, other.whole);
  const scale = Math.max(one.scale, other.scale);
  return whole + scale > MAX_PRECISION ? 'numeric' : `numeric(${whole + scale},${scale})`;
}

/** Digits before and behind the point. */
function digitsOf(type: string): { whole: number; scale: number } | null {
  const whole = INTEGER_DIGITS[type];
  if (whole !== undefined) return { whole, scale: 0 };
  const { base, first, second } = parse(type);
  if (base !== 'numeric') return null;
  if (first === null) return { whole: Number.POSITIVE_INFINITY, scale: Number.POSITIVE_INFINITY };
  return { whole: first - (second ?? 0), scale: second ?? 0 };
}

/** What a binary number holds exactly: 24 bits, 53 bits. */
function joinFloats(a: string, b: string): string | null {
  if (a === 'real') return b === 'smallint' ? a : b === 'double precision' ? b : null;
  return a === 'double precision' && (b === 'smallint' || b === 'integer') ? a : null;
}

function joinTexts(a: string, b: string): string | null {
  const [one, other] = [parse(a), parse(b)];
  const isText = ({ base }: ParsedType) => ['text', 'character varying', 'character'].includes(base);
  if (!isText(one) || !isText(other)) return null;
  if (one.base === 'text' || other.base === 'text') return 'text';
  const longest = Math.max(lengthOf(one), lengthOf(other));
  const base = one.base === other.base ? one.base : 'character varying';
  return Number.isFinite(longest) ? `${base}(${longest})` : base;
}

function lengthOf({ base, first }: ParsedType): number {
  return first ?? (base === 'character' ? 1 : Number.POSITIVE_INFINITY);
}

function joinTimes(a: string, b: string): string | null {
  const [one, other] = [parse(a), parse(b)];
  if (!one.base.startsWith('time')) return null;
  if (one.base === 'timestamp without time zone' && other.base === 'date') return a;
  if (one.base !== other.base) return null;
  return (one.first ?? 6) >= (other.first ?? 6) ? a : b;
}

function joinBits(a: string, b: string): string | null {
  const [one, other] = [parse(a), parse(b)];
  if (!/^bit/.test(one.base) || !/^bit/.test(other.base)) return null;
  const length = ({ base, first }: ParsedType) => first ?? (base === 'bit' ? 1 : Number.POSITIVE_INFINITY);
  const longest = Math.max(length(one), length(other));
  return Number.isFinite(longest) ? `bit varying(${longest})` : 'bit varying';
}
