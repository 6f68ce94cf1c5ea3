import { identifierFrom } from '../../naming.ts';
import { decodeText } from '../delimited/decode.ts';
import { type DetectedDialect, detectDialect } from '../delimited/detect-dialect.ts';
import type { DialectOverrides, Field } from '../delimited/dialect.ts';
import { readFields } from '../delimited/read-fields.ts';
import { notationOf } from './binary-values.ts';
import type { DescriptorColumn } from './descriptor.ts';
import { mapType } from './map-type.ts';
import { findNullMarker } from './null-marker.ts';
import { typeMaps } from './type-maps.ts';
import { type BinaryNotation, blankIsNull } from './value-transform.ts';

export interface TableData {
  /** The start of the data. */
  readonly head: Buffer;
  /** `head` is all of it. */
  readonly whole: boolean;
  /** Its extension decides between equals. */
  readonly fileName: string;
  readonly overrides: DialectOverrides;
}

/** How the data of a table is written, told with the help of its descriptor. */
export interface DetectedTable {
  readonly detected: DetectedDialect;
  /** How NULL is written; null when no field tells, and the dialect then says nothing of it. */
  readonly nullMarker: string | null;
  /** By field: the descriptor's column, null for a field that it does not know. */
  readonly columns: readonly (DescriptorColumn | null)[];
  /** By field: how its values would be written if they were binary. */
  readonly notations: readonly BinaryNotation[];
}

/** Delimiters that dumps have and plain files have not, after the usual ones. */
const DELIMITERS = ['|', '\t', ';', ',', '\x01', '\x1f', '¦', '~', '^', '||', '|~|', '~|~', '::', '§', '¤'];

/** Null when there is no record and no header. */
export function detectTable(data: TableData, described: readonly DescriptorColumn[]): DetectedTable | null {
  const divided = divide(data, described);
  if (divided === null) return null;
  const detected = withBackslashes(data, divided, described);
  const columns = columnsByField(detected, described);
  const records = recordsIn(data, detected);
  const nullMarker = data.overrides.nullMarker ?? markerIn(records, columns);
  const notations = columns.map((_, at) => notationIn(records, at, nullMarker));
  return { detected, columns, nullMarker, notations };
}

/** The detected dialect, or one with a delimiter that gives the descriptor's number of columns. */
function divide(data: TableData, described: readonly DescriptorColumn[]): DetectedDialect | null {
  const first = withHeader(data, data.overrides, described);
  if (first === null || fits(first, described) || data.overrides.delimiter !== undefined) return first;
  for (const delimiter of DELIMITERS) {
    const other = withHeader(data, { ...data.overrides, delimiter }, described);
    if (other !== null && fits(other, described)) return other;
  }
  return first;
}

function fits({ header, columnCount }: DetectedDialect, described: readonly DescriptorColumn[]): boolean {
  return described.length === 0 || columnCount === described.length || (header !== null && columnCount > 1);
}

/** A first line is a header when it has at least half of the descriptor's names. */
function withHeader(
  data: TableData,
  overrides: DialectOverrides,
  described: readonly DescriptorColumn[],
): DetectedDialect | null {
  if (overrides.header !== undefined || described.length === 0) return detect(data, overrides);
  const named = detect(data, { ...overrides, header: true });
  if (named === null || namesIn(named.header, described) * 2 >= described.length) return named;
  return detect(data, { ...overrides, header: false });
}

function detect({ head, whole, fileName }: TableData, overrides: DialectOverrides): DetectedDialect | null {
  return detectDialect(head, { complete: whole, fileName, overrides });
}

function namesIn(header: readonly string[] | null, described: readonly DescriptorColumn[]): number {
  const known = new Set(described.map(({ name }) => identifierFrom(name)));
  return (header ?? []).filter((name) => known.has(identifierFrom(name))).length;
}

/**
 * Where `\N` stands for NULL, backslashes hide what divides fields, unless quotes are doubled. A sample may hold no
 * such backslash, a later record may.
 */
function withBackslashes(
  data: TableData,
  detected: DetectedDialect,
  described: readonly DescriptorColumn[],
): DetectedDialect {
  const { dialect } = detected;
  if (data.overrides.escape !== undefined || dialect.escape === '\\') return detected;
  const records = recordsIn(data, detected);
  if (!records.flat().some(({ value, quoted }) => !quoted && value === '\\N')) return detected;
  const isQuoted = records.flat().some(({ quoted }) => quoted);
  if (isQuoted && records.flat().some(({ value, quoted }) => quoted && value.includes(dialect.quote ?? '"')))
    return detected;
  const quote = data.overrides.quote ?? (isQuoted ? dialect.quote : null);
  const again = { ...data.overrides, delimiter: dialect.delimiter, quote, escape: '\\' };
  return withHeader(data, again, described) ?? detected;
}

/** By name where there is a header, else by position. */
function columnsByField(
  { header, columnCount }: DetectedDialect,
  described: readonly DescriptorColumn[],
): (DescriptorColumn | null)[] {
  if (header === null) return Array.from({ length: columnCount }, (_, at) => described[at] ?? null);
  const exact = new Map(described.map((column) => [column.name, column]));
  const alike = new Map(described.map((column) => [identifierFrom(column.name), column]));
  return header.map((name) => exact.get(name) ?? alike.get(identifierFrom(name)) ?? null);
}

function notationIn(records: readonly Field[][], at: number, nullMarker: string | null): BinaryNotation {
  const fields = records.flatMap((record) => record[at] ?? []);
  const filled = fields.filter(({ value, quoted }) => value !== '' && (quoted || value !== nullMarker));
  return notationOf(filled.map(({ value }) => value));
}

function markerIn(records: readonly Field[][], columns: readonly (DescriptorColumn | null)[]): string | null {
  const isText = columns.map((column) => column === null || takesText(column.type));
  return findNullMarker(records, isText);
}

/** No database has a type of this name that an empty text is no value of. */
function takesText(type: string): boolean {
  return ![...typeMaps().values()].some((map) => {
    const mapped = mapType(map, type);
    return mapped !== null && blankIsNull(mapped.type);
  });
}

/** The records of the sample, without what may be cut at its end. */
function recordsIn({ head, whole }: TableData, { dialect, columnCount }: DetectedDialect): Field[][] {
  const text = decodeText(head.subarray(dialect.bomBytes), dialect.encoding);
  const records = readFields(text, dialect, columnCount);
  return records.slice(dialect.header ? 1 : 0, whole ? undefined : -1);
}
