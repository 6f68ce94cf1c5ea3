import type { Dialect } from './dialect.ts';

/** The marks that divide text into records and fields. */
export type Marks = Pick<Dialect, 'delimiter' | 'quote' | 'escape' | 'newline'>;

/**
 * `plain`: not quoted. `quoted`: quoted as it should be. `stray`: starts with a quote that does not close
 * at the end of the field, so the quote is part of the text.
 */
export type FieldKind = 'plain' | 'quoted' | 'stray';

/** Receives what the scanner finds; offsets are in characters. */
export interface ScanSink {
  /** The field's text is `text.slice(start, end)`, without its quotes; `escaped` when escapes are still in it. */
  field(start: number, end: number, kind: FieldKind, escaped: boolean): void;
  /** The fields since the last call are one record, which lies at `start` to `end`. Return false to stop. */
  record(start: number, end: number, terminated: boolean): boolean;
}

const LF = 10;
const CR = 13;

/**
 * Divides `text` into fields the way Postgres's CSV reader does, but takes a stray quote as text instead of
 * merging it away or failing.
 *
 * With `cut`, the text may end inside a record: a quoted field that is open there ends the scan.
 * Returns the offset behind the last whole record.
 *
 * Not csv-parse, because that drops backslashes before ordinary characters, does not tell stray quotes from
 * real ones, throws on an open quote, and is several times slower when asked which fields were quoted.
 */
export function scanFields(text: string, marks: Marks, sink: ScanSink, cut = false): number {
  return new FieldScanner(text, marks, sink, cut).run();
}

class FieldScanner {
  readonly #text: string;
  readonly #marks: Marks;
  readonly #sink: ScanSink;
  readonly #cut: boolean;
  readonly #delimiterCode: number;
  readonly #newlineCode: number;
  readonly #quoteCode: number;
  readonly #escapeCode: number;

  constructor(text: string, marks: Marks, sink: ScanSink, cut: boolean) {
    this.#text = text;
    this.#marks = marks;
    this.#sink = sink;
    this.#cut = cut;
    this.#delimiterCode = marks.delimiter.charCodeAt(0);
    this.#newlineCode = marks.newline === '\r' ? CR : LF;
    this.#quoteCode = marks.quote?.charCodeAt(0) ?? -1;
    this.#escapeCode = marks.escape?.charCodeAt(0) ?? -1;
  }

  run(): number {
    let recordStart = 0;
    let at = 0;
    while (recordStart < this.#text.length) {
      at = this.#scanField(at);
      if (at < 0) return recordStart;
      if (this.#atDelimiter(at)) {
        at += this.#marks.delimiter.length;
        continue;
      }
      const terminated = at < this.#text.length;
      const goOn = this.#sink.record(recordStart, at, terminated);
      recordStart = terminated ? at + this.#newlineLength(at) : at;
      at = recordStart;
      if (!goOn) break;
    }
    return recordStart;
  }

  /** Reports one field and returns the offset of what ends it, or -1 when the text is cut inside it. */
  #scanField(start: number): number {
    if (this.#text.charCodeAt(start) !== this.#quoteCode) return this.#scanPlain(start, start, 'plain');
    const close = this.#closingQuote(start + 1);
    if (close < 0) return this.#cut ? -1 : this.#scanPlain(start, start, 'stray');
    const next = Math.abs(close) + 1;
    if (!this.#atEnd(next)) return this.#scanPlain(start, next, 'stray');
    this.#sink.field(start + 1, close, 'quoted', this.#sawEscape);
    return next;
  }

  #sawEscape = false;

  #scanPlain(start: number, from: number, kind: FieldKind): number {
    const end = this.#plainEnd(from);
    this.#sink.field(start, end, kind, kind === 'plain' && this.#sawEscape);
    return end;
  }

  /** The offset of the quote that closes a field, or -1. */
  #closingQuote(from: number): number {
    this.#sawEscape = false;
    const text = this.#text;
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === this.#escapeCode && this.#escapes(text.charCodeAt(at + 1))) {
        this.#sawEscape = true;
        at++;
      } else if (code === this.#quoteCode) return at;
    }
    return -1;
  }

  #escapes(code: number): boolean {
    return code === this.#quoteCode || code === this.#escapeCode;
  }

  #plainEnd(from: number): number {
    const text = this.#text;
    const backslashes = this.#quoteCode < 0 && this.#escapeCode >= 0;
    this.#sawEscape = false;
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === this.#delimiterCode && this.#atDelimiter(at)) return at;
      if ((code === this.#newlineCode || code === CR) && this.#newlineLength(at) > 0) return at;
      if (backslashes && code === this.#escapeCode) {
        this.#sawEscape = true;
        at++;
      }
    }
    return text.length;
  }

  #atEnd(at: number): boolean {
    return at >= this.#text.length || this.#atDelimiter(at) || this.#newlineLength(at) > 0;
  }

  #atDelimiter(at: number): boolean {
    if (this.#text.charCodeAt(at) !== this.#delimiterCode) return false;
    return this.#marks.delimiter.length === 1 || this.#text.startsWith(this.#marks.delimiter, at);
  }

  /** Characters of the record end at this offset: 0 when there is none. A lone LF also ends a CRLF record. */
  #newlineLength(at: number): number {
    const code = this.#text.charCodeAt(at);
    if (code === this.#newlineCode) return 1;
    return code === CR && this.#newlineCode === LF && this.#text.charCodeAt(at + 1) === LF ? 2 : 0;
  }
}
