import { isUtf8 } from 'node:buffer';
import { DELIMITERS, expectedDelimiter, LONG_DELIMITERS, SPACED_DELIMITERS } from './detect-candidates.ts';
import { cellClarity } from './detect-cells.ts';
import type { DetectedDialect } from './detect-dialect.ts';
import { isName } from './detect-header.ts';
import { DECIDING_CHARACTERS, EVEN_FROM_THE_START, EXPECTED_BY_NAME } from './detect-marks.ts';
import { MAX_CELLS, MAX_RECORDS } from './detect-shape.ts';
import type { Dialect, DialectOverrides } from './dialect.ts';
import { FormReader, type ValueEnd } from './form-reader.ts';
import { readFields } from './read-fields.ts';
import { compileRules, scanRecords } from './scan.ts';

export type { ValueEnd } from './form-reader.ts';

/** Files up to this size can be recognised: all of such a file decides its dialect. */
export const MOST_RECOGNISED_BYTES = DECIDING_CHARACTERS;

/** NULL markers that no rule of detection takes for anything else. */
const PLAIN_NULL_MARKER = /^(\\N|[\w./-]*)$/;

/** The records of a file that was recognised. */
export interface KnownRecords {
  /** Offset after each record, its line end included. */
  readonly ends: readonly number[];
}

/**
 * How a file that was detected is written, to tell whether another one is written just so.
 *
 * What it recognises, `detectDialect` would describe with the same dialect, the same header and the same number of
 * columns: the conditions are chosen so that no other candidate can win. Where that is not certain it recognises
 * nothing, and detection has to look. ADR 9 has the proof.
 */
export class KnownForm {
  private readonly reader: FormReader;
  private readonly width: number;

  private constructor(
    /** Mark and header, byte for byte: what every file of this form starts with. */
    readonly head: Buffer,
    private readonly dialect: Dialect,
    private readonly columns: readonly string[],
    private readonly delimiterIsDeclared: boolean,
  ) {
    this.width = columns.length;
    this.reader = new FormReader(dialect, this.width);
  }

  /** Null when files written like this one cannot be told by their bytes alone. `bytes` is the file that was detected. */
  static of(detected: DetectedDialect, bytes: Buffer, overrides: DialectOverrides = {}): KnownForm | null {
    const { dialect, header } = detected;
    if (!isUsual(dialect) || header === null || header.length < 2) return null;
    const rules = compileRules(dialect, header.length);
    const options = { eof: false, maxRecords: 1 };
    const { end, records, hazards } = scanRecords(bytes, dialect.bomBytes, bytes.length, rules, options);
    if (records === 0 || hazards !== 0) return null;
    const form = new KnownForm(
      Buffer.from(bytes.subarray(0, end)),
      dialect,
      header,
      overrides.delimiter !== undefined,
    );
    return form.hasCertainHead(overrides.header === true) ? form : null;
  }

  /** Number of physical lines in the head. */
  get headLines(): number {
    return this.head.toString('latin1').split('\n').length - 1;
  }

  /**
   * The records behind the head of a whole file that is written in this form and whose values end where `values`
   * (by column; null where any text will do) say; null for every other file.
   */
  read(bytes: Buffer, fileName: string, values: readonly (ValueEnd | null)[]): KnownRecords | null {
    const { head } = this;
    if (bytes.length > MOST_RECOGNISED_BYTES || bytes.length <= head.length) return null;
    if (head.compare(bytes, 0, head.length) !== 0 || !isUtf8(bytes)) return null;
    const found = this.reader.read(bytes, head.length, values);
    if (found === null) return null;
    const cells = this.width * Math.min(found.ends.length + 1, MAX_RECORDS);
    const clarity = 1 - (found.unclear + this.headUnclear()) / Math.min(cells, MAX_CELLS);
    return this.winsWith(clarity, fileName) ? { ends: found.ends } : null;
  }

  /** Whether a table of this form, even from its first line on, scores higher than any other candidate can. */
  private winsWith(clarity: number, fileName: string): boolean {
    const { delimiter } = this.dialect;
    const expected = expectedDelimiter(fileName);
    const prior = delimiter === expected ? EXPECTED_BY_NAME : 1;
    const score = prior * EVEN_FROM_THE_START * ((this.width - 1) / this.width) * clarity;
    // Another delimiter's table does not start on the first line, so it has no bonus.
    return score > EXPECTED_BY_NAME;
  }

  private headUnclear(): number {
    return this.columns.reduce((sum, name) => sum + 1 - cellClarity(name, this.dialect), 0);
  }

  /** The header is one whatever stands below it, and the first line is no table of another delimiter's. */
  private hasCertainHead(headerIsDeclared: boolean): boolean {
    const { head, dialect, columns } = this;
    const text = head.subarray(dialect.bomBytes);
    if (text[0] === 0x23 || text[0] === 0x27 || !isUtf8(head)) return false;
    if (
      this.reader.read(
        text,
        0,
        columns.map(() => null),
      )?.ends.length !== 1
    )
      return false;
    const [cells = []] = readFields(text, dialect, columns.length);
    if (cells.length !== columns.length || cells.some((cell, at) => cell.value !== columns[at])) return false;
    if (columns.slice(1).every((name) => name === '')) return false;
    if (!headerIsDeclared && !columns.every(isName)) return false;
    const others = [...DELIMITERS, ...LONG_DELIMITERS, ...SPACED_DELIMITERS].filter(
      (delimiter) => delimiter !== dialect.delimiter,
    );
    return this.delimiterIsDeclared || others.every((delimiter) => !text.includes(delimiter));
  }
}

/** UTF-8, one of the usual delimiters, doubled quotes, a header on the first line. */
function isUsual(dialect: Dialect): boolean {
  const {
    encoding,
    delimiter,
    quote,
    escape: escapeWith,
    newline,
    header,
    preambleLines,
    nullMarker,
  } = dialect;
  return (
    encoding === 'utf-8' &&
    DELIMITERS.some((usual) => usual === delimiter) &&
    quote === '"' &&
    escapeWith === '"' &&
    newline !== '\r' &&
    header &&
    preambleLines === 0 &&
    PLAIN_NULL_MARKER.test(nullMarker)
  );
}
