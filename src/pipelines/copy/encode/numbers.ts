import type { Output } from './output.ts';

const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const POINT = 0x2e;
/** Digits that cannot overflow 32 bits. */
export const INT32_DIGITS = 9;
/** Digits that a double holds exactly. */
const DOUBLE_DIGITS = 15;
/** Digits that cannot overflow 64 bits. */
const INT64_DIGITS = 18;
/** Further digits behind the point are left to Postgres. */
const MOST_DECIMALS = 60;
const NEGATIVE = 0x4000;
const TWO_TO_32 = 2 ** 32;

/** Bytes that the longest encoded number takes, its length included: eight, and two for each four digits. */
export const NUMBER_ROOM = 12 + 2 * (INT64_DIGITS / 4 + MOST_DECIMALS / 4 + 2);

/**
 * Writers of values. Each takes the value that begins at `from`, writes it as Postgres's binary COPY format has it, length
 * first, and gives the offset behind it. -1, and nothing written: no value of which it is certain that Postgres would
 * take the text, and take it for the same. What follows the value is the caller's to look at.
 * Source: the `*recv` functions of Postgres, and its documentation of COPY, "Binary Format".
 */
export type ValueWriter = (input: Buffer, from: number, out: Output) => number;

export function writeInt8(input: Buffer, from: number, out: Output): number {
  const start = input[from] === MINUS ? from + 1 : from;
  const end = digitsEnd(input, start);
  const digits = end - start;
  if (digits < 1 || digits > INT64_DIGITS || (input[start] === ZERO && end - from > 1)) return -1;
  out.view.setInt32(out.at, 8);
  if (digits <= DOUBLE_DIGITS) {
    const magnitude =
      digits <= INT32_DIGITS ? smallNumber(input, start, end) : largeNumber(input, start, end);
    putInt64(out, out.at + 4, start > from ? -magnitude : magnitude);
  } else out.view.setBigInt64(out.at + 4, BigInt(input.toString('latin1', from, end)));
  out.at += 12;
  return end;
}

export function writeInt4(input: Buffer, from: number, out: Output): number {
  const end = wholeEnd(input, from);
  if (end < 0) return -1;
  const value = wholeNumber(input, from, end);
  if (value !== (value | 0)) return -1;
  out.view.setInt32(out.at, 4);
  out.view.setInt32(out.at + 4, value);
  out.at += 8;
  return end;
}

export function writeInt2(input: Buffer, from: number, out: Output): number {
  const end = wholeEnd(input, from);
  if (end < 0) return -1;
  const value = wholeNumber(input, from, end);
  if (value !== (value << 16) >> 16) return -1;
  out.view.setInt32(out.at, 2);
  out.view.setInt16(out.at + 4, value);
  out.at += 6;
  return end;
}

/** Of `numeric`, or of `numeric(precision,scale)`: rounding is Postgres's, which may add a digit before the point. */
export function numericWriter(precision: number | null, scale: number): ValueWriter {
  const most = precision === null ? INT64_DIGITS : Math.min(INT64_DIGITS, precision - scale);
  return (input, from, out) => {
    const start = input[from] === MINUS ? from + 1 : from;
    const point = digitsEnd(input, start);
    const whole = point - start;
    if (whole < 1 || whole > most || (input[start] === ZERO && whole > 1)) return -1;
    if (input[point] !== POINT) {
      if (start > from && input[start] === ZERO) return -1;
      return putNumeric(input, start, point, point, start > from, out);
    }
    const end = digitsEnd(input, point + 1);
    const decimals = end - point - 1;
    if (decimals < 1 || decimals > MOST_DECIMALS) return -1;
    if (precision !== null && decimals > scale && whole === most) return -1;
    if (start > from && isZero(input, start, end)) return -1;
    return putNumeric(input, start, point, end, start > from, out);
  };
}

/** Groups of four digits, counted from the point. */
function putNumeric(
  input: Buffer,
  start: number,
  point: number,
  end: number,
  negative: boolean,
  out: Output,
): number {
  const { view } = out;
  const head = out.at;
  let to = head + 12;
  let group = 0;
  for (let at = start, left = point - start; at < point; at++) {
    group = group * 10 + ((input[at] as number) - ZERO);
    left--;
    if ((left & 3) === 0) {
      view.setInt16(to, group);
      to += 2;
      group = 0;
    }
  }
  const decimals = end > point ? end - point - 1 : 0;
  for (let at = point + 1, left = (decimals + 3) & ~3; left > 0; at++) {
    group = group * 10 + (at < end ? (input[at] as number) - ZERO : 0);
    left--;
    if ((left & 3) === 0) {
      view.setInt16(to, group);
      to += 2;
      group = 0;
    }
  }
  view.setInt32(head, to - head - 4);
  view.setInt16(head + 4, (to - head - 12) >> 1);
  view.setInt16(head + 6, ((point - start + 3) >> 2) - 1);
  view.setInt16(head + 8, negative ? NEGATIVE : 0);
  view.setInt16(head + 10, decimals);
  out.at = to;
  return end;
}

/** A whole number that a double holds, as 64 bits. */
export function putInt64(out: Output, at: number, value: number): void {
  out.view.setInt32(at, Math.floor(value / TWO_TO_32));
  out.view.setInt32(at + 4, value | 0);
}

export function digitsEnd(input: Buffer, from: number): number {
  let at = from;
  for (let byte = input[at] as number; byte >= ZERO && byte <= NINE; byte = input[at] as number) at++;
  return at;
}

/** Offset after a whole number in its one spelling, of few digits; -1 when there is none. */
function wholeEnd(input: Buffer, from: number): number {
  const start = input[from] === MINUS ? from + 1 : from;
  const end = digitsEnd(input, start);
  const digits = end - start;
  return digits < 1 || digits > DOUBLE_DIGITS || (input[start] === ZERO && end - from > 1) ? -1 : end;
}

function wholeNumber(input: Buffer, from: number, end: number): number {
  return input[from] === MINUS ? -largeNumber(input, from + 1, end) : largeNumber(input, from, end);
}

function smallNumber(input: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = (value * 10 + ((input[at] as number) - ZERO)) | 0;
  return value;
}

export function largeNumber(input: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + ((input[at] as number) - ZERO);
  return value;
}

/** Nothing but zeros and a point. */
function isZero(input: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (input[at] !== ZERO && input[at] !== POINT) return false;
  return true;
}
