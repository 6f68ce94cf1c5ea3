import { digitsEnd, putInt64 } from './numbers.ts';
import type { Output } from './output.ts';

const ZERO = 0x30;
const NINE = 0x39;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const COLON = 0x3a;
const SPACE = 0x20;
const T = 0x54;
const Z = 0x5a;
const DATE_LENGTH = 10;
const MINUTES_LENGTH = 16;
const SECONDS_LENGTH = 19;
const DAY_SECONDS = 86_400;
/** Days from 0000-03-01 to 2000-01-01, from which Postgres counts. */
const EPOCH = 730_425;
const NO_DAY = Number.NaN;
/** Postgres refuses zones further from Greenwich. */
const MAX_ZONE_HOUR = 15;
const DAYS_BEFORE_MONTH = [0, 306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275];
const DAYS_IN_MONTH = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Bytes that an encoded date or time takes at most, its length included. */
export const TIME_ROOM = 12;

/** `YYYY-MM-DD` */
export function writeDate(input: Buffer, from: number, out: Output): number {
  const day = dayAt(input, from);
  if (Number.isNaN(day)) return -1;
  out.view.setInt32(out.at, 4);
  out.view.setInt32(out.at + 4, day);
  out.at += 8;
  return from + DATE_LENGTH;
}

/** A date, or one with `Thh:mm`, `:ss` and up to six digits behind a point. */
export function writeTimestamp(input: Buffer, from: number, out: Output): number {
  const day = dayAt(input, from);
  if (Number.isNaN(day)) return -1;
  const separator = input[from + DATE_LENGTH];
  if (separator !== SPACE && separator !== T) return putTime(out, day * DAY_SECONDS, 0, from + DATE_LENGTH);
  const seconds = secondsAt(input, from);
  if (seconds < 0) return -1;
  const end = timeEnd(input, from);
  return end < 0 ? -1 : putTime(out, day * DAY_SECONDS + seconds, microsecondsAt(input, from, end), end);
}

/** The same with a zone behind the time: `Z`, or `+hh` and `:mm`. */
export function writeTimestamptz(input: Buffer, from: number, out: Output): number {
  const day = dayAt(input, from);
  const separator = input[from + DATE_LENGTH];
  if (Number.isNaN(day) || (separator !== SPACE && separator !== T)) return -1;
  const seconds = secondsAt(input, from);
  const end = seconds < 0 ? -1 : timeEnd(input, from);
  if (end < 0) return -1;
  const zoneEnd = zoneEndAt(input, end);
  if (zoneEnd < 0) return -1;
  const utc = day * DAY_SECONDS + seconds - zoneSeconds(input, end, zoneEnd);
  return putTime(out, utc, microsecondsAt(input, from, end), zoneEnd);
}

function putTime(out: Output, seconds: number, microseconds: number, end: number): number {
  const { view, at } = out;
  view.setInt32(at, 8);
  const value = seconds * 1e6 + microseconds;
  if (Number.isSafeInteger(value)) putInt64(out, at + 4, value);
  else view.setBigInt64(at + 4, BigInt(seconds) * 1_000_000n + BigInt(microseconds));
  out.at = at + TIME_ROOM;
  return end;
}

/** Days since 2000-01-01 of a real day of the years 0001 to 9999, NaN when there is none. */
function dayAt(input: Buffer, from: number): number {
  if (input[from + 4] !== MINUS || input[from + 7] !== MINUS) return NO_DAY;
  const century = twoAt(input, from);
  const rest = twoAt(input, from + 2);
  const month = twoAt(input, from + 5);
  const day = twoAt(input, from + 8);
  const year = century * 100 + rest;
  if (century < 0 || rest < 0 || year < 1 || month < 1 || month > 12 || day < 1) return NO_DAY;
  if (day > (DAYS_IN_MONTH[month] as number) || (day === 29 && month === 2 && !isLeap(year))) return NO_DAY;
  // Years begin in March here: the leap day is their last.
  const past = month < 3 ? year - 1 : year;
  const leapDays = ((past / 4) | 0) - ((past / 100) | 0) + ((past / 400) | 0);
  return past * 365 + leapDays + (DAYS_BEFORE_MONTH[month] as number) + day - 1 - EPOCH;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Value of two digits, negative when they are none. */
function twoAt(input: Buffer, at: number): number {
  const tens = (input[at] as number) - ZERO;
  const ones = (input[at + 1] as number) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1000;
}

/** Seconds of the day at `hh:mm` or `hh:mm:ss` behind a date; negative when there is no such time. */
function secondsAt(input: Buffer, from: number): number {
  const hours = twoAt(input, from + 11);
  const minutes = twoAt(input, from + 14);
  if (input[from + 13] !== COLON || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return -1;
  if (input[from + MINUTES_LENGTH] !== COLON) return hours * 3600 + minutes * 60;
  const seconds = twoAt(input, from + 17);
  return seconds < 0 || seconds > 59 ? -1 : hours * 3600 + minutes * 60 + seconds;
}

/** Offset after a time that `secondsAt` has read; -1 when a point is followed by no digit, or more than six. */
function timeEnd(input: Buffer, from: number): number {
  if (input[from + MINUTES_LENGTH] !== COLON) return from + MINUTES_LENGTH;
  if (input[from + SECONDS_LENGTH] !== POINT) return from + SECONDS_LENGTH;
  const end = digitsEnd(input, from + SECONDS_LENGTH + 1);
  const digits = end - from - SECONDS_LENGTH - 1;
  return digits >= 1 && digits <= 6 ? end : -1;
}

function microsecondsAt(input: Buffer, from: number, end: number): number {
  let value = 0;
  for (let at = from + SECONDS_LENGTH + 1; at <= from + SECONDS_LENGTH + 6; at++)
    value = value * 10 + (at < end ? (input[at] as number) - ZERO : 0);
  return value;
}

function zoneEndAt(input: Buffer, at: number): number {
  const mark = input[at];
  if (mark === Z) return at + 1;
  if (mark !== PLUS && mark !== MINUS) return -1;
  const hours = twoAt(input, at + 1);
  if (hours < 0 || hours > MAX_ZONE_HOUR) return -1;
  if (input[at + 3] !== COLON) return isDigit(input[at + 3]) ? -1 : at + 3;
  const minutes = twoAt(input, at + 4);
  return minutes < 0 || minutes > 59 ? -1 : at + 6;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

/** East of Greenwich, in seconds. */
function zoneSeconds(input: Buffer, at: number, end: number): number {
  if (input[at] === Z) return 0;
  const seconds = twoAt(input, at + 1) * 3600 + (end - at === 6 ? twoAt(input, at + 4) * 60 : 0);
  return input[at] === MINUS ? -seconds : seconds;
}
