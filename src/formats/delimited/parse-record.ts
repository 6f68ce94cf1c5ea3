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

  constructor(private readonly dialect: Dialect) {
    this.isUtf8 = dialect.encoding === 'utf-8';
  }

  /** `bytes` is one record without its line end. */
  parse(bytes: Buffer): ParsedRecord {
    if (bytes.includes(0)) return fault('NUL_BYTE', 'a NUL byte, which Postgres text cannot hold', null);
    const text = this.decode(bytes);
    if (text === null) return fault('INVALID_ENCODING', `not valid ${this.dialect.encoding}`, null);
    if (this.dialect.quote === null) return { fields: this.unquotedFields(text), fault: null };
    return this.quotedFields(text, this.dialect.quote);
  }

  private decode(bytes: Buffer): string | null {
    if (!this.isUtf8) return this.isUndefined(bytes) ? null : decodeText(bytes, this.dialect.encoding);
    try {
      return this.decoder.decode(bytes);
    } catch {
      return null;
    }
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

  private unquotedFields(text: string): Field[] {
    const { delimiter, escape: escapeWith } = this.dialect;
    if (escapeWith === null) return text.split(delimiter).map((value) => ({ value, quoted: false }));
    const fields: Field[] = [];
    let start = 0;
    let at = 0;
    while (at < text.length) {
      if (text[at] === escapeWith) at += 2;
      else if (text.startsWith(delimiter, at)) {
        fields.push(this.unescaped(text.slice(start, at)));
        at += delimiter.length;
        start = at;
      } else at++;
    }
    fields.push(this.unescaped(text.slice(start)));
    return fields;
  }

  /** A field of COPY's text format: the NULL marker is compared before backslashes are taken out. */
  private unescaped(raw: string): Field {
    if (raw === this.dialect.nullMarker) return { value: raw, quoted: false };
    const value = raw.replace(/\\([0-7]{1,3}|x[0-9A-Fa-f]{1,2}|.)/gs, (_, code: string) => escapedChar(code));
    return { value, quoted: value === this.dialect.nullMarker };
  }
}

/** Source: Postgres documentation of COPY, "Text Format". */
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

function escapedChar(code: string): string {
  if (/^[0-7]+$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
  if (/^x./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  return ESCAPES[code] ?? code;
}

function fault(code: RecordFault['code'], message: string, field: number | null): ParsedRecord {
  return { fields: null, fault: { code, message, field } };
}
