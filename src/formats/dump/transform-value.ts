import type { Encoding } from '../delimited/dialect.ts';
import { toBytea } from './binary-values.ts';
import { moneyToNumeric } from './money.ts';
import type { TransformName, ValueTransform } from './value-transform.ts';

/** Why a value cannot be taken, in words for people. */
export class RefusedValue {
  constructor(readonly reason: string) {}
}

/** What Postgres is given for a value; null is NULL. */
export type TransformValue = (value: string) => string | null | RefusedValue;

/** How values of one column are rewritten. `encoding` is the file's: its bytes are what some binary values are. */
export function compileTransform(transform: ValueTransform, encoding: Encoding): TransformValue {
  const { name } = transform;
  const change = name === null ? unchanged : TRANSFORMS[name](transform, encoding);
  return transform.blankIsNull ? (value) => (value === '' ? null : change(value)) : change;
}

function unchanged(value: string): string {
  return value;
}

type Compile = (transform: ValueTransform, encoding: Encoding) => TransformValue;

const TRANSFORMS: Readonly<Record<TransformName, Compile>> = {
  zeroDate: () => zeroDateToNull,
  boolean: () => toBoolean,
  money: () => (value) => moneyToNumeric(value) ?? refuse(value, 'an amount of money'),
  bits: ({ bits = 1 }) => toBits(bits),
  bytes:
    ({ written = 'hex' }, encoding) =>
    (value) =>
      toBytea(value, written, encoding) ?? refuse(value, `binary data in ${NOTATIONS[written]}`),
  set: () => toArray,
  oracleDate: () => isoFromOracle,
};

const NOTATIONS = { hex: 'hexadecimal digits', base64: 'base64', text: 'plain bytes' } as const;

/** Longest piece of a value that a message repeats. */
const SHOWN = 60;

function refuse(value: string, wanted: string): RefusedValue {
  const shown = value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value;
  return new RefusedValue(`${JSON.stringify(shown)} is not ${wanted}`);
}

/** MySQL's `0000-00-00`, and `0` or `00000000000000` for it. A date with only some parts zero stays, and is refused. */
function zeroDateToNull(value: string): string | null {
  return /^(?:0000-00-00(?:[ T][\d:.]*)?|0+)$/.test(value) ? null : value;
}

const BOOLEANS: Readonly<Record<string, 't' | 'f'>> = Object.fromEntries([
  ...['1', 't', 'true', 'y', 'yes', 'on', '\u0001', '\\1', "b'1'", '0b1', '0x1', '0x01', "x'01'"].map(
    (word) => [word, 't'],
  ),
  ...['0', 'f', 'false', 'n', 'no', 'off', '\0', '\\0', "b'0'", '0b0', '0x0', '0x00', "x'00'"].map((word) => [
    word,
    'f',
  ]),
]);

/** What people and databases write, a byte of 0 or 1 included. */
function toBoolean(value: string): string | RefusedValue {
  const word = value.trim().toLowerCase();
  if (Object.hasOwn(BOOLEANS, word)) return BOOLEANS[word] as string;
  return refuse(value, 'a truth value; declared as smallint, the column would take numbers');
}

/** `b'101'`, `0b101`, `0x05`, `x'05'`, all the bits as 0 and 1, or the number they make. */
function toBits(length: number): TransformValue {
  const most = 1n << BigInt(length);
  return (value) => {
    const number = bitsAsNumber(value, length);
    return number === null || number >= most
      ? refuse(value, `${length} bits`)
      : number.toString(2).padStart(length, '0');
  };
}

function bitsAsNumber(value: string, length: number): bigint | null {
  if (value.length === length && /^[01]+$/.test(value)) return BigInt(`0b${value}`);
  const binary = /^(?:0b([01]+)|b'([01]+)')$/i.exec(value);
  if (binary !== null) return BigInt(`0b${binary[1] ?? binary[2]}`);
  const hex = /^(?:0x([\da-f]+)|x'([\da-f]+)')$/i.exec(value);
  if (hex !== null) return BigInt(`0x${hex[1] ?? hex[2]}`);
  return /^(?:0|[1-9]\d{0,19})$/.test(value) ? BigInt(value) : null;
}

/** MySQL's SET: members with commas between, of which none holds a comma. */
function toArray(value: string): string {
  if (value === '') return '{}';
  return `{${value.split(',').map((member) => `"${member.replace(/["\\]/g, '\\$&')}"`)}}`;
}

const ORACLE_DATE =
  /^(?<day>\d{1,2})-(?<month>\p{L}{3,})-(?<year>\d{2}|\d{4})(?:\s+(?<hour>\d{1,2})[.:](?<minute>\d{2})[.:](?<second>\d{2})(?<fraction>[.,]\d{1,9})?(?:\s*(?<half>[AP])\.?M\.?)?)?(?<zone>\s*[+-]\d{2}:\d{2}|\s+\S+)?$/iu;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * `29-JUL-20 09.20.00.000000 PM`, as Oracle writes dates by default, in ISO form; other values stay as they are. Two
 * digits of the year follow RR: 50 to 99 are of the last century. Postgres would read the day as the year.
 */
function isoFromOracle(value: string): string | RefusedValue {
  const groups = ORACLE_DATE.exec(value)?.groups;
  if (groups === undefined) return value;
  const { day = '', month = '', year = '', minute = '00', second = '00', fraction = '', zone = '' } = groups;
  const number = MONTHS.indexOf(month.toLowerCase()) + 1;
  const hour = hourOf(groups['hour'] ?? '00', groups['half']);
  if (number === 0 || hour === null) return refuse(value, 'a date with an English month');
  const century = year.length === 4 ? '' : Number(year) >= 50 ? '19' : '20';
  const date = `${century}${year}-${String(number).padStart(2, '0')}-${day.padStart(2, '0')}`;
  return `${date} ${hour}:${minute}:${second}${fraction.replace(',', '.')}${zone}`;
}

function hourOf(text: string, half: string | undefined): string | null {
  const hour = Number(text);
  if (half === undefined) return hour < 24 ? text.padStart(2, '0') : null;
  if (hour < 1 || hour > 12) return null;
  return String((hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0)).padStart(2, '0');
}
