import { TextDecoder } from 'node:util';
import { decodeText } from './decode.ts';
import type { Dialect, Field } from './dialect.ts';

/** Why a record cannot be read as it stands. */
export interface RecordFault {
  readonly code: 'STRAY_QUOTE' | 'UNTERMINATED_QUOTE' | 'NUL_BYTE' | 'INVALID_ENCODING';
  readonly message: string;
  /** Index of the field, from 0; null when the whole record is concerned. */
  readonly field: number | null;
}

export type ParsedRecord =
  | { readonly fields: readonly Field[]; readonly fault: null }
  | { readonly fields: null; readonly fault: RecordFault };

const UNDEFINED_1252 = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/** Reads one record strictly: what comes out is what stands in the file, or a fault that says why it cannot be. */
export class RecordParser {
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  private readonly isUtf8: boolean;

  constructor(
    private readonly dialect: Dialect,
    /** Fields that may hold NUL bytes, for they are not given to Postgres as text. */
    private readonly nulFields: ReadonlySet<number> = new Set(),
  ) {
    this.isUtf8 = dialect.encoding === 'utf-8';
  }

  /** `bytes` is one record without its line end. */
  parse(bytes: Buffer): ParsedRecord {
    if (bytes.includes(0) && this.nulFields.size === 0)
      return fault('NUL_BYTE', 'a NUL byte, which Postgres text cannot hold', null);
    const parsed = this.fieldsOf(bytes);
    const { quote, escape: escapeWith } = this.dialect;
    const mayHoldNul = this.nulFields.size > 0 || (quote === null && escapeWith !== null);
    const nul = mayHoldNul ? this.nulField(parsed.fields ?? []) : -1;
    return nul < 0 ? parsed : fault('NUL_BYTE', 'a NUL byte, which Postgres text cannot hold', nul);
  }

  private nulField(fields: readonly Field[]): number {
    return fields.findIndex(({ value }, at) => value.includes('\0') && !this.nulFields.has(at));
  }

  private fieldsOf(bytes: Buffer): ParsedRecord {
    const text = this.decode(bytes);
    if (text === null) return fault('INVALID_ENCODING', `not valid ${this.dialect.encoding}`, null);
    if (this.dialect.quote === null) return this.unquotedFields(text);
    return this.quotedFields(text, this.dialect.quote);
  }

  private decode(bytes: Buffer): string | null {
    if (this.isUtf8) return this.strictly(bytes);
    return this.isUndefined(bytes) ? null : decodeText(bytes, this.dialect.encoding);
  }

  /** Five bytes of windows-1252 are no character; Postgres refuses them too. */
  private isUndefined(bytes: Buffer): boolean {
    return this.dialect.encoding === 'windows-1252' && UNDEFINED_1252.some((byte) => bytes.includes(byte));
  }

  private quotedFields(text: string, quote: string): ParsedRecord {
    const { delimiter } = this.dialect;
    const fields: Field[] = [];
    let at = 0;
    for (;;) {
      if (text.startsWith(quote, at)) {
        const { value, after } = this.quotedValue(text, at + 1, quote);
        if (after < 0)
          return fault('UNTERMINATED_QUOTE', 'a quote is opened and never closed', fields.length);
        if (after < text.length && !text.startsWith(delimiter, after)) {
          return fault('STRAY_QUOTE', 'text follows a closing quote', fields.length);
        }
        fields.push({ value, quoted: true });
        at = after;
      } else {
        const end = text.indexOf(delimiter, at);
        fields.push({ value: text.slice(at, end < 0 ? text.length : end), quoted: false });
        at = end < 0 ? text.length : end;
      }
      if (at >= text.length) return { fields, fault: null };
      at += delimiter.length;
    }
  }

  /** The value of a quoted field and the offset after its closing quote, -1 when there is none. */
  private quotedValue(text: string, from: number, quote: string): { value: string; after: number } {
    const escapeWith = this.dialect.escape;
    let value = '';
    for (let at = from; at < text.length; at++) {
      const char = text[at] as string;
      const next = text[at + 1];
      if (char === escapeWith && (next === quote || next === escapeWith)) {
        value += next;
        at++;
      } else if (char === quote) return { value, after: at + 1 };
      else value += char;
    }
    return { value, after: -1 };
  }

  private unquotedFields(text: string): ParsedRecord {
    const { delimiter, escape: escapeWith } = this.dialect;
    if (escapeWith === null)
      return { fields: text.split(delimiter).map((value) => ({ value, quoted: false })), fault: null };
    const fields: Field[] = [];
    for (const raw of splitUnescaped(text, delimiter, escapeWith)) {
      const field = this.unescaped(raw);
      if (field === null) return fault('INVALID_ENCODING', 'escapes that are not valid utf-8', fields.length);
      fields.push(field);
    }
    return { fields, fault: null };
  }

  /** A field of COPY's text format: the NULL marker is compared before backslashes are taken out. */
  private unescaped(raw: string): Field | null {
    if (raw === this.dialect.nullMarker) return { value: raw, quoted: false };
    if (!raw.includes('\\')) return { value: raw, quoted: false };
    const value = NUMERIC_ESCAPE.test(raw) ? this.fromBytes(raw) : raw.replace(ESCAPE, unescapeChar);
    return value === null ? null : { value, quoted: value === this.dialect.nullMarker };
  }

  /** Octal and hexadecimal escapes are bytes, in the encoding of the database, which is UTF-8. */
  private fromBytes(raw: string): string | null {
    const bytes: Buffer[] = [];
    let at = 0;
    for (const match of raw.matchAll(ESCAPE)) {
      bytes.push(Buffer.from(raw.slice(at, match.index), 'utf8'), escapedBytes(match[0]));
      at = match.index + match[0].length;
    }
    return this.strictly(Buffer.concat([...bytes, Buffer.from(raw.slice(at), 'utf8')]));
  }

  private strictly(bytes: Buffer): string | null {
    try {
      return this.decoder.decode(bytes);
    } catch {
      return null;
    }
  }
}

function* splitUnescaped(text: string, delimiter: string, escapeWith: string): Generator<string> {
  let start = 0;
  let at = 0;
  while (at < text.length) {
    if (text[at] === escapeWith) at += 2;
    else if (text.startsWith(delimiter, at)) {
      yield text.slice(start, at);
      at += delimiter.length;
      start = at;
    } else at++;
  }
  yield text.slice(start);
}

/** Source: Postgres documentation of COPY, "Text Format". A backslash with nothing behind it stands for nothing. */
const ESCAPE = /\\([0-7]{1,3}|x[0-9A-Fa-f]{1,2}|\r\n|.|$)/gs;
const NUMERIC_ESCAPE = /\\([0-7]|x[0-9A-Fa-f])/;
const CONTROLS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

function unescapeChar(_: string, code: string): string {
  return CONTROLS[code] ?? code;
}

function escapedBytes(found: string): Buffer {
  const code = found.slice(1);
  if (/^[0-7]/.test(code)) return Buffer.from([Number.parseInt(code, 8) & 0xff]);
  if (/^x./.test(code)) return Buffer.from([Number.parseInt(code.slice(1), 16)]);
  return Buffer.from(unescapeChar(found, code), 'utf8');
}

function fault(code: RecordFault['code'], message: string, field: number | null): ParsedRecord {
  return { fields: null, fault: { code, message, field } };
}
