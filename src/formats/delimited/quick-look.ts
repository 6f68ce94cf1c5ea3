import { isUtf8 } from 'node:buffer';
import type { Block } from './block-reader.ts';
import type { Dialect } from './dialect.ts';
import type { RecordSpan } from './records.ts';
import { QUOTE_STAND_IN } from './scan.ts';

const QUOTE_STAND_IN_TEXT = String.fromCharCode(QUOTE_STAND_IN);

/** Told of a field that matters; false: its value is not certain to be taken. */
export type FieldCheck = (value: string) => boolean;

/**
 * Looks through the records of a block without building their fields, to tell those that COPY certainly reads as they
 * stand. For dialects in which quotes are doubled or absent.
 */
export class QuickLook {
  private readonly text: string;
  private readonly wellEncoded: boolean;
  /** Next place, from where the look has come to, of what makes a record irregular. */
  private quoteAt = -1;
  private nulAt = -1;
  private newlineAt = -1;
  private delimiterAt = -1;
  /** The newline character that must not be in a record: COPY would take it for a line end, or refuse it. */
  private readonly otherNewline: string;

  /** `checks` by field; null where any value will do. */
  constructor(
    private readonly block: Block,
    private readonly dialect: Dialect,
    private readonly checks: readonly (FieldCheck | null)[],
  ) {
    // One unit a byte: offsets stay those of the bytes, and what is checked is ASCII or not certain.
    this.text = block.bytes.toString('latin1');
    this.otherNewline = dialect.newline === '\r' ? '\n' : '\r';
    this.wellEncoded = dialect.encoding === 'utf-8' ? isUtf8(block.bytes) : dialect.encoding === 'latin1';
  }

  static suits(dialect: Dialect): boolean {
    return (
      dialect.delimiter.length === 1 &&
      (dialect.quote === null ? dialect.escape === null : dialect.escape === dialect.quote)
    );
  }

  /** Asked of records in their order. True: the record has the right number of fields, is well encoded, and every checked value is certain. */
  isFine(span: RecordSpan): boolean {
    return this.encodingIsFine(span) && this.fieldsAreFine(span.start, span.contentEnd);
  }

  private encodingIsFine(span: RecordSpan): boolean {
    if (this.wellEncoded) return true;
    return (
      this.dialect.encoding === 'utf-8' && isUtf8(this.block.bytes.subarray(span.start, span.contentEnd))
    );
  }

  private fieldsAreFine(start: number, end: number): boolean {
    if (this.isIrregular(start, end)) return false;
    const { checks } = this;
    let at = start;
    for (let field = 0; field < checks.length; field++) {
      const next = this.fieldEnd(at, end, checks[field] ?? null);
      if (next < 0) return false;
      if (next >= end) return field === checks.length - 1;
      at = next + 1;
    }
    return false;
  }

  /** Offset of the delimiter after a field, or the record's end; -1 when the field is not certain to be taken. */
  private fieldEnd(at: number, end: number, check: FieldCheck | null): number {
    const { text } = this;
    const { delimiter, quote, nullMarker } = this.dialect;
    if (quote !== null && text[at] === quote) {
      const after = this.afterQuoted(at, quote);
      if (after > end || (after < end && text[after] !== delimiter)) return -1;
      return check === null || check(this.quotedValue(at, after, quote)) ? after : -1;
    }
    const next = Math.min(this.nextDelimiter(at, delimiter), end);
    if (quote !== null && this.nextQuote(at, quote) < next) return -1;
    if (check === null) return next;
    const value = text.slice(at, next);
    return value === nullMarker || check(value) ? next : -1;
  }

  /** A NUL, the other newline character, the byte that stands in for a quote, or the old end-of-data mark. */
  private isIrregular(start: number, end: number): boolean {
    if (this.nulAt < start) this.nulAt = this.find('\0', start);
    if (this.newlineAt < start) this.newlineAt = this.find(this.otherNewline, start);
    if (this.nulAt < end || this.newlineAt < end) return true;
    if (this.dialect.quote === null && this.nextQuote(start, QUOTE_STAND_IN_TEXT) < end) return true;
    return end - start === 2 && this.text.startsWith('\\.', start);
  }

  private nextQuote(from: number, quote: string): number {
    if (this.quoteAt < from) this.quoteAt = this.find(quote, from);
    return this.quoteAt;
  }

  private nextDelimiter(at: number, delimiter: string): number {
    if (this.delimiterAt < at) this.delimiterAt = this.find(delimiter, at);
    return this.delimiterAt;
  }

  private find(wanted: string, from: number): number {
    const at = this.text.indexOf(wanted, from);
    return at < 0 ? Number.POSITIVE_INFINITY : at;
  }

  private afterQuoted(open: number, quote: string): number {
    let at = this.text.indexOf(quote, open + 1);
    while (at >= 0 && this.text[at + 1] === quote) at = this.text.indexOf(quote, at + 2);
    return at < 0 ? Number.POSITIVE_INFINITY : at + 1;
  }

  private quotedValue(open: number, after: number, quote: string): string {
    const value = this.text.slice(open + 1, after - 1);
    return value.includes(quote) ? value.replaceAll(quote + quote, quote) : value;
  }
}
