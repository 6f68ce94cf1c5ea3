import type { Block } from '../../formats/delimited/block-reader.ts';
import type { Dialect } from '../../formats/delimited/dialect.ts';
import { QuickLook } from '../../formats/delimited/quick-look.ts';
import { formEnd, KIND } from './canonical-forms.ts';

const LF = 0x0a;
const CR = 0x0d;

export interface CheckedField {
  /** An inferred type, or null when the field's text need not be looked at. */
  readonly type: string | null;
}

/**
 * Looks whether every value of an inferred column is written in its type's one canonical form. Postgres takes more
 * than that (`00123` for 123, a zone it then drops), and what it takes silently the sample may not have seen. One
 * pass over the bytes; whether a date is a real day is left to Postgres, which refuses it loudly.
 */
export class CanonicalCheck {
  private readonly kinds: Uint8Array;
  private readonly delimiter: number;
  private readonly quote: number;
  private readonly nullMarker: Buffer;

  private constructor(dialect: Dialect, fields: readonly CheckedField[]) {
    this.kinds = Uint8Array.from(fields, ({ type }) =>
      type === null ? KIND.text : (KIND[type as keyof typeof KIND] ?? KIND.text),
    );
    this.delimiter = dialect.delimiter.charCodeAt(0);
    this.quote = dialect.quote === null ? -1 : dialect.quote.charCodeAt(0);
    this.nullMarker = Buffer.from(dialect.nullMarker, dialect.encoding === 'utf-8' ? 'utf8' : 'latin1');
  }

  /** Null when there is nothing to look at, or the dialect cannot be read by bytes. */
  static for(dialect: Dialect, fields: readonly CheckedField[]): CanonicalCheck | null {
    const check = new CanonicalCheck(dialect, fields);
    return check.kinds.some((kind) => kind !== KIND.text) && QuickLook.suits(dialect) ? check : null;
  }

  /** For a block without hazards. */
  holds(block: Block): boolean {
    const { bytes } = block;
    for (let at = 0; at < bytes.length; ) {
      at = this.afterRecord(bytes, at);
      if (at < 0) return false;
    }
    return true;
  }

  /** Offset of the next record, -1 when a value is not canonical. */
  private afterRecord(bytes: Buffer, start: number): number {
    const { kinds, delimiter, quote } = this;
    const stop = bytes.length;
    let at = start;
    for (let column = 0; ; column++) {
      const kind = kinds[column] ?? KIND.text;
      if (bytes[at] === quote) {
        const after = this.afterQuoted(bytes, at + 1);
        if (kind !== KIND.text && formEnd(kind, bytes, at + 1) !== after - 1) return -1;
        at = after;
      } else if (kind === KIND.text) {
        while (at < stop && !this.endsField(bytes[at] as number)) at++;
      } else {
        const end = formEnd(kind, bytes, at);
        at =
          end >= 0 && (end >= stop || this.endsField(bytes[end] as number)) ? end : this.nullEnd(bytes, at);
        if (at < 0) return -1;
      }
      if (at >= stop) return stop;
      if (bytes[at] !== delimiter) return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : at + 1;
      at++;
    }
  }

  private endsField(byte: number): boolean {
    return byte === this.delimiter || byte === LF || byte === CR;
  }

  /** Offset after an unquoted NULL at `from`, -1 when there is none. */
  private nullEnd(bytes: Buffer, from: number): number {
    const { nullMarker } = this;
    const end = from + nullMarker.length;
    if (end > bytes.length || nullMarker.compare(bytes, from, end) !== 0) return -1;
    return end === bytes.length || this.endsField(bytes[end] as number) ? end : -1;
  }

  private afterQuoted(bytes: Buffer, from: number): number {
    const { quote } = this;
    let at = from;
    for (;;) {
      while (at < bytes.length && bytes[at] !== quote) at++;
      if (bytes[at + 1] !== quote) return at + 1;
      at += 2;
    }
  }
}
