import type pg from 'pg';
import { qualified } from '../db/identifiers.ts';
import { MADE_BY_SLUICE, segmentsSchema } from '../db/made-by-sluice.ts';
import { BOOKKEEPING_SCHEMA } from '../entities/bookkeeping-schema.ts';
import { type SchemaNames, schemasOf } from './ensure-schemas.ts';
import { MIGRATIONS_TABLE } from './known-migrations.ts';

/** Everything the migrations make. */
export const BOOKKEEPING_RELATIONS = [
  'source_file',
  'run',
  'load_job',
  'reject',
  'reject_piece',
  'dataset',
  'version',
  'files',
  'loads',
  'rejects',
  'versions',
  'model',
  'model_run',
  'model_input',
  'models',
  'check_result',
  'check_failure',
  'checks',
  'check_failures',
  'export',
  'export_run',
  'export_input',
  'exports',
  MIGRATIONS_TABLE,
];

/** One DROP ... RESTRICT: objects that must go in the same statement because they may refer to each other. */
export type DropStatement = string;

interface Relation {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'table' | 'view' | 'materialized view' | 'sequence';
}

/**
 * A relation is ours when the migrations make it, when the ledger lists it as a parent or version table, when its
 * comment says so, when it is a segment, or when it is a sequence that one of these takes a default from. A segment is
 * a table in the segments schema with a `_row` and a default for `_run_id`: a copy made with CREATE TABLE AS has none.
 */
const MADE_RELATIONS = `
  with relation as (
    select c.oid, n.nspname as schema, c.relname as name,
      case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
        else 'table' end as kind
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any($1) and c.relkind in ('r', 'p', 'v', 'm', 'S')
  ), made as (
    select * from relation
    where schema = $2 and name = any($3)
      or format('%I.%I', schema, name) = any($4)
      or left(obj_description(oid, 'pg_class'), length($5)) = $5
      or schema = $6 and kind = 'table' and 2 = (
        select count(*) from pg_attribute a
        where a.attrelid = relation.oid and (a.attname = '_run_id' and a.atthasdef or a.attname = '_row')
      )
  )
  select schema, name, kind from made
  union
  select s.schema, s.name, s.kind
  from made
  join pg_attrdef a on a.adrelid = made.oid
  join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = a.oid and d.refclassid = 'pg_class'::regclass
  join relation s on s.oid = d.refobjid and s.kind = 'sequence'`;

const MADE_ROUTINES = `
  select format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as signature
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname = any($1) and left(obj_description(p.oid, 'pg_proc'), length($2)) = $2`;

/** What it takes to drop everything that Sluice made in these schemas, and nothing else. In no particular order. */
export async function dropStatements(client: pg.ClientBase, names: SchemaNames): Promise<DropStatement[]> {
  const schemas = schemasOf(names);
  const relations = await client.query<Relation>(MADE_RELATIONS, [
    schemas,
    BOOKKEEPING_SCHEMA,
    BOOKKEEPING_RELATIONS,
    await ledgerTables(client),
    MADE_BY_SLUICE,
    segmentsSchema(names.stagingSchema),
  ]);
  const routines = await client.query<{ signature: string }>(MADE_ROUTINES, [schemas, MADE_BY_SLUICE]);
  const of = (kind: Relation['kind']) =>
    relations.rows.filter((relation) => relation.kind === kind).map(nameOf);
  return [
    ...of('view').map((name) => `drop view ${name}`),
    ...of('materialized view').map((name) => `drop materialized view ${name}`),
    ...together('table', of('table')),
    ...together('sequence if exists', of('sequence')),
    ...routines.rows.map(({ signature }) => `drop routine ${signature}`),
  ];
}

function nameOf({ schema, name }: Relation): string {
  return qualified(schema, name);
}

function together(kind: string, names: readonly string[]): DropStatement[] {
  return names.length === 0 ? [] : [`drop ${kind} ${names.join(', ')}`];
}

/** The quoted `schema.table` of every parent and version table. */
async function ledgerTables(client: pg.ClientBase): Promise<string[]> {
  const { rows: found } = await client.query("select where to_regclass('sluice.version') is not null");
  if (found.length === 0) return [];
  const { rows } = await client.query<{ name: string }>(`
    select format('%I.%I', parent_schema, parent_table) as name from sluice.dataset
    union
    select format('%I.%I', parent_schema, table_name) from sluice.version join sluice.dataset using (dataset_id)`);
  return rows.map((row) => row.name);
}
