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

/** True when `bytes[from, to)` is written as the kind's canonical form; a real value or not is left to Postgres. */
export function isCanonical(kind: number, bytes: Buffer, from: number, to: number): boolean {
  switch (kind) {
    case KIND.bigint:
      return isWhole(bytes, from, to) || asText('bigint', bytes, from, to);
    case KIND.numeric:
      return isDecimal(bytes, from, to) || asText('numeric', bytes, from, to);
    case KIND.date:
      return to - from === DATE_LENGTH && isDate(bytes, from);
    case KIND.timestamp:
      return isTimestamp(bytes, from, to);
    case KIND.timestamptz:
      return asText('timestamptz', bytes, from, to);
    case KIND.boolean:
      return isBoolean(bytes, from, to);
    case KIND.uuid:
      return to - from === 36 && isDashed(bytes, from);
    default:
      return true;
  }
}

function asText(
  type: 'bigint' | 'numeric' | 'timestamptz',
  bytes: Buffer,
  from: number,
  to: number,
): boolean {
  return fitsType(type, bytes.toString('latin1', from, to));
}

/** As long as `t`, `true` or `false` and beginning like it: whether it is, Postgres says. It takes `yes`, too. */
function isBoolean(bytes: Buffer, from: number, to: number): boolean {
  const first = (bytes[from] as number) | 0x20;
  const length = to - from;
  if (first === 0x74) return length === 1 || length === 4;
  return first === 0x66 && (length === 1 || length === 5);
}

/** `0`, or up to 18 digits without a zero in front, a minus allowed. */
function isWhole(bytes: Buffer, from: number, to: number): boolean {
  const start = bytes[from] === MINUS ? from + 1 : from;
  const digits = to - start;
  if (digits < 1 || digits > SURE_DIGITS) return false;
  if (bytes[start] === ZERO) return digits === 1 && start === from;
  return areDigits(bytes, start, to);
}

/** A whole number, or one with digits behind a point; a negative zero is not certain. */
function isDecimal(bytes: Buffer, from: number, to: number): boolean {
  if (bytes[from] === MINUS && bytes[from + 1] === ZERO) return false;
  let point = from;
  while (point < to && bytes[point] !== POINT) point++;
  if (!isWhole(bytes, from, point)) return false;
  return point === to || (point + 1 < to && areDigits(bytes, point + 1, to));
}

function areDigits(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte < ZERO || byte > NINE) return false;
  }
  return true;
}

/** `dddd-dd-dd` */
function isDate(bytes: Buffer, from: number): boolean {
  return (
    bytes[from + 4] === MINUS &&
    bytes[from + 7] === MINUS &&
    areDigits(bytes, from, from + 4) &&
    areDigits(bytes, from + 5, from + 7) &&
    areDigits(bytes, from + 8, from + DATE_LENGTH)
  );
}

/** A date, or one with `Tdd:dd`, `:dd` and up to six digits behind a point. */
function isTimestamp(bytes: Buffer, from: number, to: number): boolean {
  const length = to - from;
  if (length < DATE_LENGTH || !isDate(bytes, from)) return false;
  if (length === DATE_LENGTH) return true;
  const separator = bytes[from + 10];
  if (separator !== 0x20 && separator !== 0x54) return false;
  if (length < 16 || bytes[from + 13] !== COLON || !isBelow24(bytes, from)) return false;
  if (!areDigits(bytes, from + 11, from + 13) || !areDigits(bytes, from + 14, from + 16)) return false;
  if (length === 16) return true;
  if (length < 19 || bytes[from + 16] !== COLON || !areDigits(bytes, from + 17, from + 19)) return false;
  if (length === 19) return isBelow60(bytes, from);
  const isFraction =
    bytes[from + 19] === POINT && length > 20 && length <= 26 && areDigits(bytes, from + 20, to);
  return isFraction && isBelow60(bytes, from);
}

/** Postgres takes 24:00:00 and :60, and turns them into another time. */
function isBelow24(bytes: Buffer, from: number): boolean {
  return bytes[from + 11] !== 0x32 || (bytes[from + 12] as number) < 0x34;
}

function isBelow60(bytes: Buffer, from: number): boolean {
  return (bytes[from + 17] as number) < 0x36;
}

function isDashed(bytes: Buffer, from: number): boolean {
  return [8, 13, 18, 23].every((at) => bytes[from + at] === MINUS);
}
