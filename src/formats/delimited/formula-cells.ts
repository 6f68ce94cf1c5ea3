import type { Dialect, Field } from './dialect.ts';
import { RecordParser } from './parse-record.ts';
import { asRead, isUtf16 } from './utf16-source.ts';

/** What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/;
/** A signed number begins like one, and is none. */
const NUMBER = /^[-+]\s?[\d., ]*\d[\d., ]*(?:e[-+]?\d+)?%?$/i;

/** Finds the fields of records that a spreadsheet would take for formulas. */
export class FormulaCells {
  private readonly parser: RecordParser;

  constructor(private readonly dialect: Dialect) {
    this.parser = new RecordParser(asRead(dialect));
  }

  /**
   * Numbers of those fields, from 1.
   *
   * @param raw one record as it stands in the file
   */
  in(raw: Buffer): number[] {
    return this.valuesOf(raw).flatMap((value, at) =>
      FORMULA.test(value) && !NUMBER.test(value) ? [at + 1] : [],
    );
  }

  private valuesOf(raw: Buffer): string[] {
    const { encoding, delimiter } = this.dialect;
    const bytes = isUtf16(encoding) ? toUtf8(raw, encoding) : raw;
    const record = withoutLineEnd(bytes);
    const { fields } = this.parser.parse(record);
    if (fields !== null) return fields.map(({ value }: Field) => value);
    // What cannot be read as a record: a spreadsheet would cut it in some such way.
    return record
      .toString('latin1')
      .split(Buffer.from(delimiter).toString('latin1'))
      .map((text) => text.replace(/^\s*["']/, ''));
  }
}

function toUtf8(raw: Buffer, encoding: 'utf-16le' | 'utf-16be'): Buffer {
  const even = raw.subarray(0, raw.length - (raw.length % 2));
  const littleEndian = encoding === 'utf-16le' ? even : Buffer.from(even).swap16();
  return Buffer.from(littleEndian.toString('utf16le'));
}

function withoutLineEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  if (bytes[end - 1] === 0x0a) end--;
  if (bytes[end - 1] === 0x0d) end--;
  return bytes.subarray(0, end);
}
