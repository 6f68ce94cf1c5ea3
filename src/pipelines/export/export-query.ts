import type pg from 'pg';
import { qualified } from '../../db/identifiers.ts';
import { SluiceError } from '../../errors.ts';
import type { ExportRequest } from './export-request.ts';
import type { ExportedColumn } from './exported.ts';

/** A SELECT, and whether what it reads is of a kind that LOCK TABLE takes. */
export interface ExportQuery {
  readonly sql: string;
  readonly isLockable: boolean;
}

/** The SELECT of an export. Throws EXPORT_UNKNOWN when there is no such table or view. */
export async function exportQuery(
  client: pg.ClientBase | pg.Pool,
  { name, source }: ExportRequest,
): Promise<ExportQuery> {
  if (source.kind === 'query') return { sql: source.sql.replace(/[;\s]+$/, ''), isLockable: false };
  const { schema, table } = source;
  if (schema === '' || table === '') throw new SluiceError('EXPORT_UNKNOWN', { export: name });
  const { rows } = await client.query<{ lockable: boolean }>(
    `select relkind in ('r', 'p', 'v') as lockable
       from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = $1 and relname = $2`,
    [schema, table],
  );
  const [row] = rows;
  if (row === undefined) throw new SluiceError('EXPORT_UNKNOWN', { export: name });
  return { sql: `select * from ${qualified(schema, table)}`, isLockable: row.lockable };
}

/**
 * Columns of a query. Asked by the extended protocol, which takes one statement only: what is not one SELECT is refused
 * here, before it is put into a COPY.
 */
export async function exportColumns(client: pg.ClientBase, query: string): Promise<ExportedColumn[]> {
  const text = `select * from (\n${query}\n) as exported where $1`;
  const { fields } = await client.query(text, [false]);
  const { rows } = await client.query<{ type: string }>(
    `select format_type(oid, modifier) as type
       from unnest($1::oid[], $2::int[]) with ordinality as field (oid, modifier, at) order by at`,
    [fields.map(({ dataTypeID }) => dataTypeID), fields.map(({ dataTypeModifier }) => dataTypeModifier)],
  );
  return fields.map(({ name }, at) => ({ name, type: rows[at]?.type ?? 'unknown' }));
}

/** Types whose values, and those of arrays of them, have no line break as JSON. */
const ON_ONE_LINE =
  /^(?:smallint|integer|bigint|oid|numeric|real|double precision|boolean|text|character|uuid|date|time|timestamp|interval|bytea|jsonb)\b/;

/**
 * COPY writes one JSON object a line when it may quote with characters that JSON always escapes. Line breaks
 * stand only between the tokens of `json` values, where a blank does as well.
 */
export function copyStatement(
  query: string,
  format: 'csv' | 'jsonl',
  columns: readonly ExportedColumn[],
): string {
  if (format === 'csv') return `COPY (\n${query}\n) TO STDOUT (FORMAT csv, HEADER)`;
  const object = columns.every(({ type }) => ON_ONE_LINE.test(type))
    ? 'row_to_json(exported.*)'
    : `replace(replace(row_to_json(exported.*)::text, E'\\n', ' '), E'\\r', ' ')`;
  const lines = `select ${object} from (\n${query}\n) as exported`;
  return `COPY (${lines}) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')`;
}
