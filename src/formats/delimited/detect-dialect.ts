import { decodeText, wholeCharacters } from './decode.ts';
import { type DetectedEncoding, detectEncoding } from './detect-encoding.ts';
import { judgeHeader } from './detect-header.ts';
import { type DetectedMarks, detectMarks } from './detect-marks.ts';
import { countPreamble, JUDGED_RECORDS, type Records } from './detect-preamble.ts';
import { type DialectReasons, explainMarks } from './detect-reasons.ts';
import type { Dialect, DialectOverrides, Field } from './dialect.ts';
import { divide } from './read-fields.ts';

export { looksBinary } from './detect-binary.ts';
export type { DialectPart, DialectReasons } from './detect-reasons.ts';

export interface DetectOptions {
  /** `sample` is the whole file, so its last record is whole too. */
  readonly complete: boolean;
  /** Pieces from further on in the file, each cut anywhere: they help to tell the encoding. */
  readonly more?: readonly Buffer[];
  /** What the dataset declares: it wins, and constrains what is detected for the rest. */
  readonly overrides?: DialectOverrides;
  /** Only its extension is looked at: it decides between equals, as `.tsv` does for tabs. */
  readonly fileName?: string;
}

/** What a sample of a delimited file says about the file. */
export interface DetectedDialect {
  readonly dialect: Dialect;
  /** Column names as they stand in the file, quotes removed; `columnCount` of them; null without a header. */
  readonly header: readonly string[] | null;
  readonly columnCount: number;
  /** One short sentence for each part of the dialect, for people. */
  readonly reasons: DialectReasons;
}

/**
 * How a delimited file is written, from its first bytes (decompressed; 64 KiB to 1 MiB are plenty).
 *
 * Null when the sample holds no record: nothing, only a byte-order mark, only white space, or only the preamble
 * that the overrides declare. Never throws on content; ask `looksBinary` first.
 */
export function detectDialect(sample: Buffer, options: DetectOptions): DetectedDialect | null {
  const { complete, overrides = {}, fileName = '', more = [] } = options;
  const encoding = detectEncoding(sample, complete, overrides.encoding, more);
  const body = sample.subarray(encoding.bomBytes);
  const bytes = complete ? body : wholeCharacters(body, encoding.encoding);
  const whole = decodeText(bytes, encoding.encoding);
  const declared = declaredByText(whole, overrides);
  const text = afterLines(whole, declared.preambleLines ?? 0, declared.newline);
  if (text.trim() === '') return null;
  const marks = detectMarks(text, complete, declared, fileName);
  return assemble(text, encoding, marks, declared);
}

/** `sep=;` on the first line is how spreadsheets are told the delimiter; it is preamble, and it is obeyed. */
function declaredByText(text: string, overrides: DialectOverrides): DialectOverrides {
  const delimiter = /^"?sep=([^\r\n])"?\r?\n/i.exec(text)?.[1];
  if (delimiter === undefined || overrides.preambleLines !== undefined) return overrides;
  return { delimiter, ...overrides, preambleLines: 1 };
}

/** `text` without its first physical lines; all of it gone when there are not that many. */
function afterLines(text: string, lines: number, newline: Dialect['newline'] = '\n'): string {
  const end = newline === '\r' || !text.includes('\n') ? '\r' : '\n';
  let at = 0;
  for (let line = 0; line < lines; line++) {
    const next = text.indexOf(end, at);
    if (next < 0) return '';
    at = next + 1;
  }
  return text.slice(at);
}

function assemble(
  text: string,
  encoding: DetectedEncoding,
  marks: DetectedMarks,
  overrides: DialectOverrides,
): DetectedDialect {
  const records = new TextRecords(text, marks);
  const skipped = overrides.preambleLines === undefined ? countPreamble(records) : 0;
  const rows = records.read(skipped, JUDGED_RECORDS);
  const verdict = judgeHeader(rows);
  const header = overrides.header ?? verdict.header;
  const preambleLines = overrides.preambleLines ?? records.linesBefore(skipped);
  const { candidate } = marks;
  const newline = overrides.newline ?? recordEnd(text, marks);
  const { nullMarker = '' } = overrides;
  const names = header ? columnNames(rows[0] ?? [], marks.width) : null;
  return {
    dialect: {
      encoding: encoding.encoding,
      bomBytes: encoding.bomBytes,
      delimiter: candidate.delimiter,
      quote: candidate.quote,
      escape: candidate.escape,
      newline,
      header,
      preambleLines,
      nullMarker,
    },
    header: names,
    columnCount: names?.length ?? marks.width,
    reasons: {
      encoding: encoding.why,
      ...explainMarks(text, marks, newline, overrides),
      header: overrides.header === undefined ? verdict.why : 'declared',
      preamble: explainPreamble(preambleLines, skipped),
    },
  };
}

class TextRecords implements Records {
  readonly width: number;
  readonly list: Records['list'];

  constructor(
    readonly text: string,
    private readonly marks: DetectedMarks,
  ) {
    this.width = marks.width;
    this.list = marks.shape.records;
  }

  read(from: number, count: number): Field[][] {
    const first = this.list[from];
    const last = this.list[Math.min(from + count, this.list.length) - 1];
    if (first === undefined || last === undefined) return [];
    return divide(this.text.slice(first.start, last.end), this.marks.candidate);
  }

  /** Physical lines before a record, blank ones too. */
  linesBefore(index: number): number {
    const before = this.text.slice(0, this.list[index]?.start ?? 0);
    return before.split(this.marks.candidate.newline === '\r' ? '\r' : '\n').length - 1;
  }
}

/** CRLF only when every record seen ends so; the other line ends are then inside quotes. */
function recordEnd(text: string, { candidate, shape }: DetectedMarks): Dialect['newline'] {
  if (candidate.newline === '\r') return '\r';
  const ended = shape.records.filter((record) => record.end < text.length);
  return ended.length > 0 && ended.every((record) => text[record.end] === '\r') ? '\r\n' : '\n';
}

/** As many names as columns: blank ones where the header is short, and no blank ones beyond the last column. */
function columnNames(record: readonly Field[], width: number): string[] {
  const names = record.map((field) => field.value);
  while (names.length > width && names.at(-1)?.trim() === '') names.pop();
  while (names.length < width) names.push('');
  return names;
}

function explainPreamble(lines: number, skipped: number): string {
  if (lines === 0) return 'the table starts on the first line';
  if (skipped === 0) return `${lines} ${lines === 1 ? 'line' : 'lines'} declared or blank before the table`;
  return `${lines} ${lines === 1 ? 'line' : 'lines'} before the table: comments, titles or lines of another width`;
}
