import type { PoolClient } from 'pg';
import { qualified, quoteIdentifier, quoteLiteral } from '../../db/identifiers.ts';
import { MADE_BY_SLUICE } from '../../db/made-by-sluice.ts';
import { DEPENDENT_OBJECTS, sqlstateOf } from '../../db/sqlstate.ts';
import type { TableColumn, TableName } from '../plan/run-plan.ts';
import type { KnownDataset, KnownVersion } from './known-dataset.ts';
import { sameType, shortType } from './type-names.ts';
import { joinColumnTypes } from './widen-types.ts';

interface ViewColumn {
  readonly name: string;
  readonly type: string;
}

/** Where each row comes from. No column of a file begins with `_`. */
const ORIGIN: readonly ViewColumn[] = [
  { name: '_file_name', type: 'text' },
  { name: '_label', type: 'text' },
  { name: '_version', type: 'integer' },
  { name: '_folder', type: 'text' },
  { name: '_run_id', type: 'bigint' },
  { name: '_row', type: 'bigint' },
];

/** Takes the tables from behind the view, so that their columns can change; those who read it keep it. */
export async function detachAllView(client: PoolClient, parent: TableName): Promise<void> {
  const columns = await ourColumns(client, parent);
  if (columns === null) return;
  const nothing = columns.map(({ name, type }) => `NULL::${type} AS ${quoteIdentifier(name)}`);
  await client.query(
    `CREATE OR REPLACE VIEW ${viewName(parent)} AS SELECT ${nothing.join(', ')} WHERE false`,
  );
}

/**
 * Makes `<dataset>__all` show the union of all versions' columns. A view that others read is not dropped: what it shows
 * stays where it is, and new columns come behind.
 */
export async function refreshAllView(client: PoolClient, known: KnownDataset): Promise<void> {
  const there = await ourColumns(client, known.parent);
  if (there === null && (await isTaken(client, known.parent))) return;
  const wanted = [...ORIGIN, ...unionColumns(known)];
  const isPrefix = (there ?? []).every(({ name, type }, at) => {
    const column = wanted[at];
    return column?.name === name && sameType(column.type, type);
  });
  const columns = isPrefix || there === null ? wanted : await replaced(client, known.parent, there, wanted);
  const view = viewName(known.parent);
  const selects = inOrder(known.versions).map((version) => selectOf(known.parent.schema, version, columns));
  await client.query(`CREATE OR REPLACE VIEW ${view} AS ${selects.join(' UNION ALL ')}`);
  await client.query(`COMMENT ON VIEW ${view} IS ${quoteLiteral(`${MADE_BY_SLUICE}: all versions`)}`);
}

/** The columns to make the view with: in their own order when it could be dropped, else behind those it has. */
async function replaced(
  client: PoolClient,
  parent: TableName,
  there: readonly ViewColumn[],
  wanted: readonly ViewColumn[],
): Promise<readonly ViewColumn[]> {
  await client.query('SAVEPOINT all_view');
  try {
    await client.query(`DROP VIEW ${viewName(parent)}`);
    await client.query('RELEASE SAVEPOINT all_view');
    return wanted;
  } catch (error) {
    if (sqlstateOf(error) !== DEPENDENT_OBJECTS) throw error;
    await client.query('ROLLBACK TO SAVEPOINT all_view');
    const names = new Set(there.map(({ name }) => name));
    return [...there, ...wanted.filter(({ name }) => !names.has(name))];
  }
}

/** One column for each name in the files; text where types have nothing in common. */
function unionColumns(known: KnownDataset): ViewColumn[] {
  const types = new Map<string, string>();
  for (const version of inOrder(known.versions)) {
    for (const column of shownColumns(version)) {
      const name = column.variantOf ?? column.name;
      const before = types.get(name);
      types.set(name, before === undefined ? column.type : (joinColumnTypes(before, column.type) ?? 'text'));
    }
  }
  for (const { name, type } of known.columns) if (!types.has(name)) types.set(name, type);
  return [...types].map(([name, type]) => ({ name, type }));
}

/** Columns that files of the version filled, with their types in the table. */
function shownColumns(version: KnownVersion): TableColumn[] {
  const names = new Set(version.layout.map(({ name }) => name));
  const columns = new Map(version.columns.map((column) => [column.name, column]));
  return [...names].flatMap((name) => columns.get(name) ?? []);
}

/** The same whatever the order in which the versions came. */
function inOrder(versions: readonly KnownVersion[]): KnownVersion[] {
  const key = ({ label, folder, layout }: KnownVersion) => {
    const names = JSON.stringify(layout.map(({ name }) => name));
    return [label ?? '', folder ?? '', String(layout.length).padStart(4, '0'), names].join('\n');
  };
  return [...versions].sort((a, b) => key(a).localeCompare(key(b), 'en', { numeric: true }));
}

function selectOf(schema: string, version: KnownVersion, columns: readonly ViewColumn[]): string {
  const shown = shownColumns(version);
  const origin: Readonly<Record<string, string>> = {
    _file_name: 'f.name',
    _label: version.label === null ? 'NULL::text' : `${quoteLiteral(version.label)}::text`,
    _version: `${version.version}::integer`,
    _folder: 'f.label',
    _run_id: 't._run_id',
    _row: 't._row',
  };
  const list = columns.map(({ name, type }) => {
    const sources = shown.filter((column) => (column.variantOf ?? column.name) === name);
    const values = sources.map((column) => valueFrom(column, type));
    const value = origin[name] ?? (values.length > 1 ? `coalesce(${values.join(', ')})` : values[0]);
    return `${value ?? `NULL::${type}`} AS ${quoteIdentifier(name)}`;
  });
  return (
    `SELECT ${list.join(', ')} FROM ${qualified(schema, version.tableName)} t ` +
    'LEFT JOIN sluice.run r ON r.run_id = t._run_id LEFT JOIN sluice.source_file f ON f.file_id = r.file_id'
  );
}

/** NULL where a type that others rely on cannot hold what the version has. */
function valueFrom(column: TableColumn, type: string): string {
  const value = `t.${quoteIdentifier(column.name)}`;
  if (sameType(column.type, type)) return value;
  const holds = type === 'text' || joinColumnTypes(type, column.type) === shortType(type);
  return holds ? `${value}::${type}` : `NULL::${type}`;
}

function viewName({ schema, name }: TableName): string {
  return qualified(schema, `${name}__all`);
}

async function isTaken(client: PoolClient, parent: TableName): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>('select to_regclass($1) is not null as taken', [
    viewName(parent),
  ]);
  return rows[0]?.taken === true;
}

/** Columns of the view as it is; null when there is none of ours. */
async function ourColumns(client: PoolClient, parent: TableName): Promise<ViewColumn[] | null> {
  const { rows } = await client.query<ViewColumn>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
      where c.oid = to_regclass($1) and c.relkind = 'v' and starts_with(obj_description(c.oid, 'pg_class'), $2)
      order by a.attnum`,
    [viewName(parent), MADE_BY_SLUICE],
  );
  return rows.length === 0 ? null : rows;
}
