import { decodeText } from './decode.ts';
import type { Dialect, Field } from './dialect.ts';
import { type FieldKind, type Marks, type ScanSink, scanFields } from './scan-fields.ts';

/**
 * The fields of whole records, as the file has them.
 *
 * `bytes` starts at a record: byte-order mark and preamble are not skipped, a header comes back as a record.
 * Tolerant: a stray quote is text and makes the field unquoted, ragged records come back as they are, an
 * open quote at the end is text. In a table of several columns empty lines are dropped; in one column
 * they are records with one empty field. Bytes that are no character become U+FFFD. Without `columnCount`,
 * the table has several columns when one of these records does.
 */
export function readFields(bytes: Buffer | string, dialect: Dialect, columnCount?: number): Field[][] {
  const text = typeof bytes === 'string' ? bytes : decodeText(bytes, dialect.encoding);
  return divide(text, dialect, columnCount);
}

/** As `readFields`, for text. */
export function divide(text: string, marks: Marks, columnCount?: number): Field[][] {
  const { records } = collect(text, marks);
  const wide = columnCount === undefined ? records.some((record) => record.length > 1) : columnCount > 1;
  return wide ? records.filter((record) => !isEmptyLine(record)) : records;
}

function collect(text: string, marks: Marks): RecordCollector {
  const collector = new RecordCollector(text, marks);
  scanFields(text, marks, collector);
  return collector;
}

/** A line with nothing on it; not a quoted empty field, nor a line of spaces. */
function isEmptyLine(record: readonly Field[]): boolean {
  const [only] = record;
  return record.length === 1 && only?.value === '' && !only.quoted;
}

/** Collects fields with their escapes resolved. */
class RecordCollector implements ScanSink {
  readonly records: Field[][] = [];
  readonly #text: string;
  readonly #marks: Marks;
  #fields: Field[] = [];

  constructor(text: string, marks: Marks) {
    this.#text = text;
    this.#marks = marks;
  }

  field(start: number, end: number, kind: FieldKind, escaped: boolean): void {
    const raw = this.#text.slice(start, end);
    this.#fields.push({ value: escaped ? resolveEscapes(raw, this.#marks) : raw, quoted: kind === 'quoted' });
  }

  record(): boolean {
    this.records.push(this.#fields);
    this.#fields = [];
    return true;
  }
}

/**
 * Inside quotes an escape stands before a quote or itself and is ordinary text elsewhere, as in COPY.
 * Without quotes a backslash also hides a delimiter or a line end; `\N` and the like stay for the NULL marker.
 */
function resolveEscapes(raw: string, marks: Marks): string {
  const { quote, escape: mark, delimiter } = marks;
  if (mark === null) return raw;
  const hidden = quote === null ? [mark, delimiter, '\r\n', '\n', '\r'] : [mark, quote];
  let text = '';
  for (let at = 0; at < raw.length; at++) {
    const next = raw.startsWith(mark, at) ? hidden.find((text) => raw.startsWith(text, at + 1)) : undefined;
    text += next ?? raw[at];
    at += next?.length ?? 0;
  }
  return text;
}
