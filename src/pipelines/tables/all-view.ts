import type { PoolClient } from 'pg';
import { readColumnGrants, readGrants } from '../../db/grants.ts';
import { qualified, quoteIdentifier, quoteLiteral } from '../../db/identifiers.ts';
import { MADE_BY_SLUICE } from '../../db/made-by-sluice.ts';
import { DEPENDENT_OBJECTS, sqlstateOf } from '../../db/sqlstate.ts';
import type { TableName } from '../plan/run-plan.ts';
import type { KnownDataset, KnownVersion } from './known-dataset.ts';
import { sameType } from './type-names.ts';
import {
  grownColumns,
  inOrder,
  shownColumns,
  sourceName,
  sourceOf,
  unionColumns,
  type ViewColumn,
  valueOfAll,
} from './view-columns.ts';

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
  const there = await readView(client, parent);
  if (there === null) return;
  const nothing = there.columns.map(({ name, type }) => `NULL::${type} AS ${quoteIdentifier(name)}`);
  await client.query(`${makeView(parent, there.options)} AS SELECT ${nothing.join(', ')} WHERE false`);
}

/**
 * Makes `<dataset>__all` show the union of all versions' columns. A view that others read is not dropped: what it shows
 * stays where it is, and new columns come behind. Rights that somebody gave on it stay in any case.
 */
export async function refreshAllView(client: PoolClient, known: KnownDataset): Promise<void> {
  const { parent } = known;
  const there = await readView(client, parent);
  if (there === null && (await isTaken(client, parent))) return;
  const wanted = [...ORIGIN, ...unionColumns(known)];
  const { columns, grants } = await placeFor(client, parent, there?.columns ?? [], wanted);
  const selects = inOrder(known.versions).map((version) => selectOf(known, version, columns));
  await client.query(`${makeView(parent, there?.options ?? null)} AS ${selects.join(' UNION ALL ')}`);
  for (const grant of grants) await client.query(grant);
  const comment = commentOf(there?.comment ?? 'all versions');
  await client.query(`COMMENT ON VIEW ${viewName(parent)} IS ${quoteLiteral(comment)}`);
}

/** What somebody else has written on the view stays, behind the words by which `DEV` knows it. */
function commentOf(text: string): string {
  return text.startsWith(MADE_BY_SLUICE) ? text : `${MADE_BY_SLUICE}: ${text}`;
}

interface Place {
  /** What the view is to be made with. */
  readonly columns: readonly ViewColumn[];
  /** Statements that give back the rights that a dropped one had. */
  readonly grants: readonly string[];
}

/** Where the wanted columns stand: in their own order when that needs no drop or the view could be dropped, else behind those it has. */
async function placeFor(
  client: PoolClient,
  parent: TableName,
  there: readonly ViewColumn[],
  wanted: readonly ViewColumn[],
): Promise<Place> {
  const isPrefix = there.every(({ name, type }, at) => {
    const column = wanted[at];
    return column?.name === name && sameType(column.type, type);
  });
  if (isPrefix) return { columns: wanted, grants: [] };
  const view = viewName(parent);
  const grants = [...(await readGrants(client, view)), ...(await readColumnGrants(client, view))];
  await client.query('SAVEPOINT all_view');
  try {
    await client.query(`DROP VIEW ${view}`);
    await client.query('RELEASE SAVEPOINT all_view');
    return { columns: wanted, grants };
  } catch (error) {
    if (sqlstateOf(error) !== DEPENDENT_OBJECTS) throw error;
    await client.query('ROLLBACK TO SAVEPOINT all_view');
    return { columns: grownColumns(there, wanted), grants: [] };
  }
}

function selectOf({ parent }: KnownDataset, version: KnownVersion, columns: readonly ViewColumn[]): string {
  const shown = shownColumns(version);
  const names = new Set(shown.map(sourceName));
  const origin: Readonly<Record<string, string>> = {
    _file_name: 'f.name',
    _label: version.label === null ? 'NULL::text' : `${quoteLiteral(version.label)}::text`,
    _version: `${version.version}::integer`,
    _folder: 'f.label',
    _run_id: 't._run_id',
    _row: 't._row',
  };
  const list = columns.map((column) => {
    const source = sourceOf(column, names);
    const sources = shown.filter((one) => sourceName(one) === source);
    const value = origin[column.name] ?? valueOfAll(sources, column.type) ?? `NULL::${column.type}`;
    return `${value} AS ${quoteIdentifier(column.name)}`;
  });
  return (
    `SELECT ${list.join(', ')} FROM ${qualified(parent.schema, version.tableName)} t ` +
    'LEFT JOIN sluice.run r ON r.run_id = t._run_id LEFT JOIN sluice.source_file f ON f.file_id = r.file_id'
  );
}

function viewName({ schema, name }: TableName): string {
  return qualified(schema, `${name}__all`);
}

/** Options that somebody set, such as `security_invoker`, would be lost by a replacement that does not name them. */
function makeView(parent: TableName, options: string | null): string {
  const kept = options === null ? '' : ` WITH (${options})`;
  return `CREATE OR REPLACE VIEW ${viewName(parent)}${kept}`;
}

async function isTaken(client: PoolClient, parent: TableName): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>('select to_regclass($1) is not null as taken', [
    viewName(parent),
  ]);
  return rows[0]?.taken === true;
}

interface View {
  readonly columns: readonly ViewColumn[];
  /** As they are written in a statement. */
  readonly options: string | null;
  readonly comment: string | null;
}

/** The view as it is; null when there is none of ours. Its first columns tell, since anybody may put a comment of their own on it. */
async function readView(client: PoolClient, parent: TableName): Promise<View | null> {
  const { rows } = await client.query<ViewColumn & Omit<View, 'columns'>>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, array_to_string(c.reloptions, ', ') as options,
            obj_description(c.oid, 'pg_class') as comment
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
      where c.oid = to_regclass($1) and c.relkind = 'v'
      order by a.attnum`,
    [viewName(parent)],
  );
  const [first] = rows;
  const isOurs = ORIGIN.every(({ name, type }, at) => rows[at]?.name === name && rows[at]?.type === type);
  if (first === undefined || !isOurs) return null;
  const { options, comment } = first;
  return { columns: rows.map(({ name, type }) => ({ name, type })), options, comment };
}
