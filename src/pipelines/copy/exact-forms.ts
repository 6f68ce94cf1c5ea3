import type { ValueEnd } from '../../formats/delimited/known-form.ts';
import { fitsType, type InferredType } from '../inference/infer-types.ts';
import { formEnd, KIND } from './canonical-forms.ts';

/** Longer numbers are asked about as text. */
const LONGEST = 64;

/**
 * Where a value ends that fits an inferred type just as `fitsType` has it, in a file whose delimiter can be no part of
 * one; null for text, which everything fits. Unlike `formEnd` it leaves nothing to Postgres.
 */
export function exactEnd(type: InferredType): ValueEnd | null {
  return ENDS[type];
}

const ENDS: Readonly<Record<InferredType, ValueEnd | null>> = {
  text: null,
  bigint: (bytes, from) => formEnd(KIND.bigint, bytes, from),
  numeric: (bytes, from) => short('numeric', bytes, from, formEnd(KIND.numeric, bytes, from)),
  date: (bytes, from) => onRealDay(bytes, from, formEnd(KIND.date, bytes, from)),
  timestamp: (bytes, from) =>
    onRealDay(bytes, from, atRealTime(bytes, from, formEnd(KIND.timestamp, bytes, from))),
  timestamptz: (bytes, from) => formEnd(KIND.timestamptz, bytes, from),
  boolean: (bytes, from) => fitting('boolean', bytes, from, formEnd(KIND.boolean, bytes, from)),
  uuid: (bytes, from) => hexadecimal(bytes, from, formEnd(KIND.uuid, bytes, from)),
};

function short(type: InferredType, bytes: Buffer, from: number, end: number): number {
  return end - from <= LONGEST ? end : fitting(type, bytes, from, end);
}

function fitting(type: InferredType, bytes: Buffer, from: number, end: number): number {
  return end >= 0 && fitsType(type, bytes.toString('latin1', from, end)) ? end : -1;
}

/** `end` when the ten digits and dashes at `from` are a day of the (proleptic) Gregorian calendar, of a year from 1 on. */
function onRealDay(bytes: Buffer, from: number, end: number): number {
  if (end < 0) return -1;
  const day = twoDigits(bytes, from + 8);
  const month = twoDigits(bytes, from + 5);
  // Every month has 28 days.
  const isPlain = day >= 1 && day <= 28 && month >= 1 && month <= 12 && bytes[from] !== ZERO;
  return isPlain ? end : fitting('date', bytes, from, from + DATE_LENGTH) < 0 ? -1 : end;
}

/** `end` when what stands behind a date, if anything, is a time of day; `formEnd` has looked at hours of 20 and above, and at seconds. */
function atRealTime(bytes: Buffer, from: number, end: number): number {
  if (end - from <= DATE_LENGTH) return end;
  return (bytes[from + 11] as number) <= TWO && (bytes[from + 14] as number) <= FIVE ? end : -1;
}

const DATE_LENGTH = 10;
const ZERO = 0x30;
const TWO = 0x32;
const FIVE = 0x35;

function twoDigits(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) - ZERO) * 10 + (bytes[at + 1] as number) - ZERO;
}

const IS_HEX = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[\da-f]/i.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** `end` when what lies between the dashes are hexadecimal digits. */
function hexadecimal(bytes: Buffer, from: number, end: number): number {
  if (end < 0 || end > bytes.length) return -1;
  let digits = 0;
  for (let at = from; at < end; at++) digits += IS_HEX[bytes[at] as number] as number;
  return digits === 32 ? end : -1;
}
