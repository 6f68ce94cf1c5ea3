import { encodeMark } from '../delimited/decode.ts';
import type { Encoding } from '../delimited/dialect.ts';
import type { BinaryNotation } from './value-transform.ts';

/** A binary value in Postgres's hexadecimal form; null when it is not written in that notation. */
export function toBytea(value: string, written: BinaryNotation, encoding: Encoding): string | null {
  if (written === 'text') return `\\x${encodeMark(value, encoding).toString('hex')}`;
  if (written === 'hex') return fromHex(value);
  return isBase64(value) ? `\\x${Buffer.from(value, 'base64').toString('hex')}` : null;
}

function fromHex(value: string): string | null {
  const digits = /^x'.*'$/is.test(value) ? value.slice(2, -1) : value.replace(/^(?:0x|\\x)/i, '');
  return digits.length % 2 === 0 && /^[\da-f]*$/i.test(digits) ? `\\x${digits.toLowerCase()}` : null;
}

/** Lines may be broken, as many programs do. */
function isBase64(value: string): boolean {
  const joined = value.replace(/\s/g, '');
  return joined.length % 4 === 0 && /^[A-Za-z\d+/]*={0,2}$/.test(joined);
}

/**
 * How a column writes its binary values, by those that were seen: hexadecimal when all of them can be, else base64,
 * else the bytes themselves. One value cannot tell: `beef` is all three.
 */
export function notationOf(values: Iterable<string>): BinaryNotation {
  let base64 = true;
  let hex = true;
  for (const value of values) {
    hex &&= fromHex(value) !== null;
    base64 &&= isBase64(value);
    if (!hex && !base64) return 'text';
  }
  return hex ? 'hex' : 'base64';
}
