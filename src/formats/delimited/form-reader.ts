import type { Dialect } from './dialect.ts';

/** Offset after the value that stands at `from`, -1 when none does; what follows it is the caller's to look at. */
export type ValueEnd = (bytes: Buffer, from: number) => number;

export interface ReadForm {
  /** Offset after each record, its line end included. */
  readonly ends: readonly number[];
  /** At most so many cells look like pieces of values, or like several (a fifth of one for a space in front). */
  readonly unclear: number;
}

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;

/** What a byte means; 0 for plain text. */
const ENDS_FIELD = 1;
const QUOTES = 2;
/** In a cell it may mean that the cell is divided wrongly. */
const UNCLEAR = 3;
/** Detection would consider other quotes or escapes if it stood before or behind certain others. */
const BACKSLASH = 4;
const APOSTROPHE = 5;
const CONTROL = 6;

const DIVIDERS = [',', ';', '\t', '|', '\r', '\n'].map((char) => char.charCodeAt(0));

/**
 * Reads records that are written in the usual way, each with the same number of fields, and gives up at the first
 * byte that is in any way odd: `\` or `'` where it could quote or escape, text around quotes, control characters, a
 * line end of another kind.
 */
export class FormReader {
  private readonly classes: Uint8Array;
  private readonly delimiter: number;
  private readonly crlf: boolean;
  private readonly nullMarker: Buffer;
  private bytes: Buffer = Buffer.alloc(0);
  private unclear = 0;

  /** Of a dialect with `"` as quote and escape, LF or CRLF, and a delimiter that is one of the usual. */
  constructor(
    dialect: Dialect,
    private readonly width: number,
  ) {
    this.delimiter = dialect.delimiter.charCodeAt(0);
    this.crlf = dialect.newline === '\r\n';
    this.nullMarker = Buffer.from(dialect.nullMarker, 'utf8');
    this.classes = classify(this.delimiter);
  }

  /** The records from `start` to the end of `bytes`; null when there are none, or one is not written in this form. */
  read(bytes: Buffer, start: number, values: readonly (ValueEnd | null)[]): ReadForm | null {
    this.bytes = bytes;
    this.unclear = 0;
    const ends: number[] = [];
    for (let at = start; at < bytes.length; ) {
      at = this.recordEnd(at, values);
      if (at < 0) return null;
      ends.push(at);
    }
    return ends.length === 0 ? null : { ends, unclear: this.unclear };
  }

  private recordEnd(start: number, values: readonly (ValueEnd | null)[]): number {
    const { bytes, delimiter, width } = this;
    let at = start;
    for (let column = 0; column < width; column++) {
      if (column > 0) {
        if (bytes[at] !== delimiter) return -1;
        at++;
      }
      const value = values[column] ?? null;
      if (bytes[at] === QUOTE) at = this.quotedEnd(at + 1, value);
      else at = value === null ? this.textEnd(at) : this.valueEnd(at, value);
      if (at < 0) return -1;
    }
    return this.lineEnd(at);
  }

  private lineEnd(at: number): number {
    const { bytes, crlf } = this;
    if (at === bytes.length) return at;
    if (!crlf) return bytes[at] === LF ? at + 1 : -1;
    return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : -1;
  }

  private textEnd(from: number): number {
    const { bytes, classes } = this;
    const stop = bytes.length;
    if (bytes[from] === SPACE) this.unclear += 0.2;
    for (let at = from; at < stop; at++) {
      const kind = classes[bytes[at] as number] as number;
      if (kind === 0) continue;
      if (kind === ENDS_FIELD) return at;
      if (kind === QUOTES || !this.isHarmless(kind, at)) return -1;
      if (kind !== BACKSLASH) this.unclear++;
    }
    return stop;
  }

  /** A value of its column's type, or NULL. */
  private valueEnd(from: number, value: ValueEnd): number {
    const end = value(this.bytes, from);
    if (end >= 0 && this.endsField(end)) return end;
    const { nullMarker, bytes } = this;
    const nullEnd = from + nullMarker.length;
    const isNull = nullEnd <= bytes.length && nullMarker.compare(bytes, from, nullEnd) === 0;
    return isNull && this.endsField(nullEnd) ? nullEnd : -1;
  }

  private endsField(at: number): boolean {
    return at === this.bytes.length || this.classes[this.bytes[at] as number] === ENDS_FIELD;
  }

  /** Offset after the closing quote. */
  private quotedEnd(from: number, value: ValueEnd | null): number {
    const { bytes, classes } = this;
    const stop = bytes.length;
    for (let at = from; at < stop; at++) {
      const kind = classes[bytes[at] as number] as number;
      if (kind === 0) continue;
      if (kind === QUOTES) {
        if (bytes[at + 1] === QUOTE) at++;
        else return value === null || value(bytes, from) === at ? at + 1 : -1;
      } else if (!this.isHarmless(kind, at)) return -1;
    }
    return -1;
  }

  private isHarmless(kind: number, at: number): boolean {
    const { bytes } = this;
    if (kind === CONTROL) return false;
    if (kind === BACKSLASH) return bytes[at + 1] !== QUOTE && !DIVIDERS.includes(bytes[at + 1] as number);
    if (kind === APOSTROPHE) return !DIVIDERS.includes(bytes[at - 1] as number);
    return bytes[at] !== CR || (this.crlf && bytes[at + 1] === LF);
  }
}

function classify(delimiter: number): Uint8Array {
  const classes = new Uint8Array(256);
  classes.fill(CONTROL, 0, SPACE);
  classes[0x7f] = CONTROL;
  for (const char of ',;\t|[]{}') classes[char.charCodeAt(0)] = UNCLEAR;
  classes[0x5c] = BACKSLASH;
  classes[0x27] = APOSTROPHE;
  classes[QUOTE] = QUOTES;
  for (const byte of [delimiter, LF, CR]) classes[byte] = ENDS_FIELD;
  return classes;
}
