import { fitsType } from '../inference/infer-types.ts';

/** Kinds of fields, by inferred type. */
export const KIND = {
  text: 0,
  bigint: 1,
  numeric: 2,
  boolean: 3,
  date: 4,
  timestamp: 5,
  timestamptz: 6,
  uuid: 7,
} as const;

const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const POINT = 0x2e;
const COLON = 0x3a;
/** Digits of a whole number that is certain to fit; the rest is asked of `fitsType`. */
const SURE_DIGITS = 18;
const DATE_LENGTH = 10;
const MINUTES_LENGTH = 16;
const SECONDS_LENGTH = 19;
const UUID_LENGTH = 36;
/** Longer than any canonical number or time that fits. */
const LONGEST = 64;

/**
 * Offset after the canonical form of `kind` that stands at `from`, -1 when none does; what follows it is the caller's
 * to look at. Whether a date is a real day, and a word true or false, is left to Postgres, which refuses it loudly.
 */
export function formEnd(kind: number, bytes: Buffer, from: number): number {
  switch (kind) {
    case KIND.bigint:
      return wholeEnd(bytes, from) ?? asked('bigint', bytes, from);
    case KIND.numeric:
      return decimalEnd(bytes, from) ?? asked('numeric', bytes, from);
    case KIND.date:
      return isDate(bytes, from) ? from + DATE_LENGTH : -1;
    case KIND.timestamp:
      return timestampEnd(bytes, from);
    case KIND.timestamptz:
      return asked('timestamptz', bytes, from);
    case KIND.boolean:
      return booleanEnd(bytes, from);
    case KIND.uuid:
      return isDashed(bytes, from) ? from + UUID_LENGTH : -1;
    default:
      return -1;
  }
}

/** Takes what could belong to a number or a time, and has inference judge it. */
function asked(type: 'bigint' | 'numeric' | 'timestamptz', bytes: Buffer, from: number): number {
  let end = from;
  while (end < bytes.length && end - from < LONGEST && belongs(bytes[end] as number)) end++;
  return end > from && fitsType(type, bytes.toString('latin1', from, end)) ? end : -1;
}

function belongs(byte: number): boolean {
  const isDigit = byte >= ZERO && byte <= NINE;
  return (
    isDigit ||
    byte === MINUS ||
    byte === 0x2b ||
    byte === POINT ||
    byte === COLON ||
    byte === 0x20 ||
    byte === 0x54 ||
    byte === 0x5a
  );
}

/** `0`, or up to 18 digits without a zero in front, a minus allowed; null when that is not certain. */
function wholeEnd(bytes: Buffer, from: number): number | null {
  const start = bytes[from] === MINUS ? from + 1 : from;
  const end = digitsEnd(bytes, start);
  const digits = end - start;
  if (digits < 1 || digits > SURE_DIGITS) return null;
  if (bytes[start] === ZERO && (digits > 1 || start > from)) return null;
  return end;
}

/** A whole number, or one with digits behind a point; null when that is not certain, as for a negative zero. */
function decimalEnd(bytes: Buffer, from: number): number | null {
  const point = wholeEnd(bytes, from);
  if (point === null || bytes[point] !== POINT) return point;
  const end = digitsEnd(bytes, point + 1);
  return end > point + 1 ? end : null;
}

function digitsEnd(bytes: Buffer, from: number): number {
  let at = from;
  for (let byte = bytes[at] as number; byte >= ZERO && byte <= NINE; byte = bytes[at] as number) at++;
  return at;
}

/** `t`, `f`, or four or five letters that begin like `true` or `false`. */
function booleanEnd(bytes: Buffer, from: number): number {
  const first = (bytes[from] as number) | 0x20;
  const word = first === 0x74 ? 4 : first === 0x66 ? 5 : 0;
  if (word === 0) return -1;
  const second = bytes[from + 1] as number;
  const isLetter = (second | 0x20) >= 0x61 && (second | 0x20) <= 0x7a;
  return isLetter ? from + word : from + 1;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function areTwo(bytes: Buffer, at: number): boolean {
  return isDigit(bytes[at]) && isDigit(bytes[at + 1]);
}

/** `dddd-dd-dd` */
function isDate(bytes: Buffer, from: number): boolean {
  return (
    bytes[from + 4] === MINUS &&
    bytes[from + 7] === MINUS &&
    areTwo(bytes, from) &&
    areTwo(bytes, from + 2) &&
    areTwo(bytes, from + 5) &&
    areTwo(bytes, from + 8)
  );
}

/** A date, or one with `Tdd:dd`, `:dd` and up to six digits behind a point. */
function timestampEnd(bytes: Buffer, from: number): number {
  if (!isDate(bytes, from)) return -1;
  const separator = bytes[from + DATE_LENGTH];
  if (separator !== 0x20 && separator !== 0x54) return from + DATE_LENGTH;
  const isTime = areTwo(bytes, from + 11) && bytes[from + 13] === COLON && areTwo(bytes, from + 14);
  if (!isTime || !isBelow24(bytes, from)) return -1;
  if (bytes[from + MINUTES_LENGTH] !== COLON) return from + MINUTES_LENGTH;
  if (!areTwo(bytes, from + 17) || !isBelow60(bytes, from)) return -1;
  if (bytes[from + SECONDS_LENGTH] !== POINT) return from + SECONDS_LENGTH;
  const end = digitsEnd(bytes, from + SECONDS_LENGTH + 1);
  const digits = end - from - SECONDS_LENGTH - 1;
  return digits >= 1 && digits <= 6 ? end : -1;
}

/** Postgres takes 24:00:00 and :60, and turns them into another time. */
function isBelow24(bytes: Buffer, from: number): boolean {
  return bytes[from + 11] !== 0x32 || (bytes[from + 12] as number) < 0x34;
}

function isBelow60(bytes: Buffer, from: number): boolean {
  return (bytes[from + 17] as number) < 0x36;
}

function isDashed(bytes: Buffer, from: number): boolean {
  return (
    bytes[from + 8] === MINUS &&
    bytes[from + 13] === MINUS &&
    bytes[from + 18] === MINUS &&
    bytes[from + 23] === MINUS
  );
}
