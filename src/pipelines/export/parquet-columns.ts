import type pg from 'pg';
import { quoteIdentifier } from '../../db/identifiers.ts';
import { SluiceError } from '../../errors.ts';
import type { ExportedColumn } from './exported.ts';

/** A column on its way from Postgres, as CSV, to DuckDB, which writes it. */
export interface ParquetColumn {
  readonly name: string;
  /** What DuckDB reads the CSV's value as. */
  readonly type: string;
  /** The value is hexadecimal digits for bytes. */
  readonly isBytes: boolean;
}

/** Digits that a decimal may have in Parquet, before and behind the point together; up to the first it is 8 bytes long. */
const SHORT_DIGITS = 18;
const MOST_DIGITS = 38;

const TYPES: Readonly<Record<string, string>> = {
  smallint: 'SMALLINT',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  oid: 'UINTEGER',
  real: 'FLOAT',
  'double precision': 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  uuid: 'UUID',
};

/**
 * The Parquet type of each column. What Parquet has no like of (json, arrays, intervals, ranges …) is text, as Postgres
 * writes it. A numeric without a precision gets that of the values which there are, or is text when they have too many digits.
 */
export async function parquetColumns(
  client: pg.ClientBase,
  query: string,
  columns: readonly ExportedColumn[],
): Promise<ParquetColumn[]> {
  const measured = await measureNumerics(client, query, columns);
  return columns.map(({ name, type }, at) => ({
    name,
    type: measured.get(at) ?? parquetType(type),
    isBytes: type === 'bytea',
  }));
}

function parquetType(type: string): string {
  const decimal = decimalOf(type);
  if (decimal !== null) return decimal;
  if (/^timestamp(?:\(\d\))? with time zone$/.test(type)) return 'TIMESTAMPTZ';
  if (/^timestamp(?:\(\d\))? without time zone$/.test(type)) return 'TIMESTAMP';
  if (/^time(?:\(\d\))? without time zone$/.test(type)) return 'TIME';
  return Object.hasOwn(TYPES, type) ? (TYPES[type] ?? 'VARCHAR') : 'VARCHAR';
}

/** Null for what is no numeric with a precision that Parquet has. */
function decimalOf(type: string): string | null {
  const [, precision, scale] = /^numeric\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (precision === undefined || scale === undefined) return null;
  const fits = Number(precision) <= MOST_DIGITS && Number(scale) <= Number(precision);
  return fits ? `DECIMAL(${precision},${scale})` : null;
}

async function measureNumerics(
  client: pg.ClientBase,
  query: string,
  columns: readonly ExportedColumn[],
): Promise<Map<number, string>> {
  const open = columns.flatMap(({ type }, at) =>
    type.startsWith('numeric') && !type.endsWith(']') && decimalOf(type) === null ? [at] : [],
  );
  if (open.length === 0) return new Map();
  const wanted = open.map((at) => `max(abs(c${at}))::text, max(scale(c${at}))::text`);
  const { rows } = await client.query<(string | null)[]>({
    text: `select ${wanted.join(', ')} from (\n${query}\n) as exported (${placeNames(columns)})`,
    rowMode: 'array',
  });
  const [found = []] = rows;
  return new Map(
    open.map((at, index) => [at, fitting(found[2 * index] ?? '0', found[2 * index + 1] ?? '0')]),
  );
}

function fitting(largest: string, scale: string): string {
  const [whole = ''] = largest.split('.');
  const digits = whole.length + Number(scale);
  if (!/^\d+$/.test(whole) || digits > MOST_DIGITS) return 'VARCHAR';
  return `DECIMAL(${digits <= SHORT_DIGITS ? SHORT_DIGITS : MOST_DIGITS},${scale})`;
}

function placeNames(columns: readonly unknown[]): string {
  return columns.map((_, at) => `c${at}`).join(', ');
}

/** Bytes as digits, and a last column that is never empty: a line of one NULL would be no line to a reader of CSV. */
export function copyForParquet(query: string, columns: readonly ParquetColumn[]): string {
  const values = columns.map((column, at) => valueForParquet(column, `c${at}`));
  const from = `from (\n${query}\n) as exported (${placeNames(columns)})`;
  return `COPY (select ${[...values, '1'].join(', ')} ${from}) TO STDOUT (FORMAT csv)`;
}

/** DuckDB takes `0044-03-15 BC` for a day of the year 44, and has a day of its own for infinity, that other readers do not know. The cast fails. */
function valueForParquet({ isBytes, type }: ParquetColumn, place: string): string {
  if (isBytes) return `encode(${place}, 'hex')`;
  if (!/^(?:DATE|TIMESTAMP)/.test(type)) return place;
  return `case when ${place} < '0001-01-01' or ${place} = 'infinity'
    then ('no like in Parquet of ' || ${place})::date::text else ${place}::text end`;
}

/** DuckDB does not tell names apart that differ in the case of their letters alone. */
export function refuseAlike(name: string, columns: readonly ExportedColumn[]): void {
  const seen = new Set<string>();
  for (const column of columns) {
    const lower = column.name.toLowerCase();
    const reason = `two columns are named ${column.name}, or differ only in upper and lower case`;
    if (seen.has(lower)) throw new SluiceError('EXPORT_FAILED', { export: name, reason });
    seen.add(lower);
  }
}

/** DuckDB's statement that reads the CSV from `source` and writes `target`. */
export function duckdbCopy(
  columns: readonly ParquetColumn[],
  source: string,
  target: string,
  codec: string,
): string {
  const types = columns.map(({ type }, at) => `'c${at}': '${type}'`);
  const values = columns.map(
    ({ name, isBytes }, at) => `${isBytes ? `unhex(c${at})` : `c${at}`} as ${quoteIdentifier(name)}`,
  );
  const csv = [
    `columns = {${[...types, "'last': 'TINYINT'"].join(', ')}}`,
    'auto_detect = false, header = false, parallel = false, allow_quoted_nulls = false, strict_mode = true',
    `delim = ',', quote = '"', escape = '"', new_line = '\\n', nullstr = ''`,
    `max_line_size = ${MOST_LINE_BYTES}, buffer_size = ${MOST_LINE_BYTES}`,
  ];
  const read = `select ${values.join(', ')} from read_csv(${literal(source)}, ${csv.join(', ')})`;
  const options = `FORMAT parquet, COMPRESSION ${codec}, USE_TMP_FILE false, ROW_GROUP_SIZE 20480, ROW_GROUP_SIZE_BYTES '8MB'`;
  return `COPY (${read}) TO ${literal(target)} (${options})`;
}

/** DuckDB's own limit and its least buffer: several of these are in memory. */
const MOST_LINE_BYTES = 2 * 1024 * 1024;

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
