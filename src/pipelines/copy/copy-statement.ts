import { qualified, quoteIdentifier, quoteLiteral } from '../../db/identifiers.ts';
import type { Dialect, Encoding } from '../../formats/delimited/dialect.ts';
import { QUOTE_STAND_IN } from '../../formats/delimited/scan.ts';
import type { TableName } from '../plan/run-plan.ts';

/** Postgres's names for the encodings it converts itself; UTF-16 arrives as UTF-8. */
const SERVER_ENCODING: Readonly<Record<Encoding, string>> = {
  'utf-8': 'UTF8',
  'utf-16le': 'UTF8',
  'utf-16be': 'UTF8',
  'windows-1252': 'WIN1252',
  latin1: 'LATIN1',
};

/** The dialect in which the normalising reader writes what it has read. */
const NORMALISED = "FORMAT csv, DELIMITER ',', QUOTE '\"', NULL '', ENCODING 'UTF8'";

/** True when COPY can take a file of this dialect without any byte being touched. */
export function copyCanRead(dialect: Dialect): boolean {
  if (Buffer.byteLength(dialect.delimiter) !== 1) return false;
  if (/[\r\n]/.test(dialect.nullMarker)) return false;
  return !dialect.nullMarker.includes(dialect.delimiter) && !containsQuote(dialect);
}

function containsQuote(dialect: Dialect): boolean {
  return dialect.quote !== null && dialect.nullMarker.includes(dialect.quote);
}

/** COPY of normalised bytes. */
export function copyNormalised(table: TableName, columns: readonly string[]): string {
  return copyFrom(table, columns, NORMALISED);
}

/** COPY of a file's own bytes; text in the columns `neverNull` is no NULL even if it equals the NULL marker. */
export function copyRaw(
  table: TableName,
  columns: readonly string[],
  dialect: Dialect,
  neverNull: readonly string[] = [],
): string {
  const options = [
    `DELIMITER ${quoteLiteral(dialect.delimiter)}`,
    `NULL ${quoteLiteral(dialect.nullMarker)}`,
    `ENCODING '${SERVER_ENCODING[dialect.encoding]}'`,
  ];
  if (dialect.quote === null && dialect.escape !== null)
    return copyFrom(table, columns, ['FORMAT text', ...options].join(', '));
  const quote = quoteLiteral(dialect.quote ?? String.fromCharCode(QUOTE_STAND_IN));
  const escapeWith = dialect.quote === null ? quote : quoteLiteral(dialect.escape ?? dialect.quote);
  if (neverNull.length > 0) options.push(`FORCE_NOT_NULL (${neverNull.map(quoteIdentifier).join(', ')})`);
  return copyFrom(
    table,
    columns,
    ['FORMAT csv', `QUOTE ${quote}`, `ESCAPE ${escapeWith}`, ...options].join(', '),
  );
}

/** COPY of rows that are encoded already. */
export function copyEncoded(table: TableName, columns: readonly string[]): string {
  return copyFrom(table, columns, 'FORMAT binary');
}

function copyFrom(table: TableName, columns: readonly string[], options: string): string {
  const list = columns.map(quoteIdentifier).join(', ');
  return `COPY ${qualified(table.schema, table.name)} (${list}) FROM STDIN WITH (${options})`;
}
