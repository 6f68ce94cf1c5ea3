import type mysql from 'mysql2';
import type { Relation, SourceColumn } from '../source.ts';
import { ask } from './connect.ts';
import { fieldType } from './field-type.ts';

/** `name` as MySQL quotes it. */
export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

export async function readRelations(connection: mysql.Connection, schema: string): Promise<Relation[]> {
  const { rows } = await ask(
    connection,
    `select table_name as name, table_type as kind from information_schema.tables
      where table_schema = ? and table_type in ('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW') order by table_name`,
    [schema],
  );
  return rows.map(({ name, kind }) => ({ name: name ?? '', isTable: kind !== 'VIEW' }));
}

/** The catalogue may take `Orders` for `orders`, which are two tables where the file system tells them apart. */
const SAME_CASE = 'cast(table_name as binary) = cast(? as binary)';

/** Columns of a table, of which the catalogue knows lengths that rows do not tell. */
export async function readColumns(
  connection: mysql.Connection,
  schema: string,
  table: string,
): Promise<SourceColumn[]> {
  const { rows } = await ask(
    connection,
    `select column_name as name, column_type as type from information_schema.columns
      where table_schema = ? and table_name = ? and ${SAME_CASE} order by ordinal_position`,
    [schema, table, table],
  );
  if (rows.length === 0) return [];
  const list = rows.map(({ name }) => quoted(name ?? '')).join(', ');
  const { fields } = await ask(connection, `select ${list} from ${quoted(schema)}.${quoted(table)} limit 0`);
  return rows.map(({ name, type }, at) => ({
    name: name ?? '',
    // MariaDB's JSON is a long text with a condition.
    type: fields[at]?.extendedFormat === 'json' ? 'json' : withoutComment(type ?? ''),
  }));
}

/** MariaDB marks old forms of types in a comment. */
function withoutComment(type: string): string {
  return type.replace(/\/\*.*?\*\//g, '').trim();
}

/** Columns that a SELECT gives. */
export async function readQueryColumns(connection: mysql.Connection, query: string): Promise<SourceColumn[]> {
  const { fields } = await ask(connection, `select * from (${query}\n) as q limit 0`);
  return fields.map((field) => ({ name: field.name, type: fieldType(field) }));
}

/** Columns of the primary key, in their order. */
export async function readKey(
  connection: mysql.Connection,
  schema: string,
  table: string,
): Promise<string[]> {
  const { rows } = await ask(
    connection,
    `select column_name as name from information_schema.key_column_usage
      where table_schema = ? and table_name = ? and ${SAME_CASE} and constraint_name = 'PRIMARY'
      order by ordinal_position`,
    [schema, table, table],
  );
  return rows.map(({ name }) => name ?? '');
}

/** The database that the URL names. */
export async function currentSchema(connection: mysql.Connection): Promise<string | null> {
  const { rows } = await ask(connection, 'select database() as name');
  return rows[0]?.['name'] ?? null;
}

export async function isMariaDb(connection: mysql.Connection): Promise<boolean> {
  const { rows } = await ask(connection, 'select version() as version');
  return /mariadb/i.test(rows[0]?.['version'] ?? '');
}
