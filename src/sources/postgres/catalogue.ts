import type pg from 'pg';
import type { Relation, SourceColumn } from '../source.ts';

/** A relation as the catalogue has it. */
export interface PostgresRelation extends Relation {
  /** Columns of its primary key. */
  readonly key: readonly string[];
}

export async function readRelations(client: pg.Client, schema: string): Promise<PostgresRelation[]> {
  const { rows } = await client.query<RelationRow>(RELATIONS, [schema]);
  return rows.map(({ name, kind, is_partition, key }) => ({
    name,
    isTable: (kind === 'r' || kind === 'p') && !is_partition,
    key,
  }));
}

interface RelationRow {
  name: string;
  kind: string;
  is_partition: boolean;
  key: string[];
}

const RELATIONS = `
  select c.relname as name, c.relkind as kind, c.relispartition as is_partition,
         array(select a.attname::text
                 from pg_index i, unnest(i.indkey) with ordinality as k(attnum, place)
                 join pg_attribute a on a.attnum = k.attnum and a.attrelid = c.oid
                where i.indrelid = c.oid and i.indisprimary
                order by k.place) as key
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f')
   order by c.relname`;

/** The columns that a SELECT gives. Domains are what they are over; enums and types that are made of others are text. */
export async function readColumns(client: pg.Client, select: string): Promise<SourceColumn[]> {
  // The extended protocol takes one statement: what closes the parenthesis and goes on fails here.
  const query = { text: `select * from (${select}\n) as q limit 0`, queryMode: 'extended' };
  const { fields } = await client.query(query);
  const { rows } = await client.query<{ type: string }>(TYPES, [
    fields.map((field) => field.dataTypeID),
    fields.map((field) => field.dataTypeModifier),
  ]);
  return fields.map(({ name }, at) => ({ name, type: withoutSchema(rows[at]?.type ?? 'text') }));
}

/** Extensions lie in any schema; their types have the same names in all of them. */
function withoutSchema(type: string): string {
  return type.replace(/^(?:"(?:[^"]|"")+"|[^\s"().]+)\./, '');
}

const TYPES = `
  with recursive base(place, oid, mod) as (
    select place, oid, mod from unnest($1::oid[], $2::int[]) with ordinality as f(oid, mod, place)
    union all
    select b.place, t.typbasetype, case when t.typtypmod = -1 then b.mod else t.typtypmod end
      from base b join pg_type t on t.oid = b.oid where t.typtype = 'd'
  )
  select case when t.typtype in ('e', 'c', 'p') then 'text'
              when t.typtype in ('r', 'm') and t.typnamespace <> 'pg_catalog'::regnamespace then 'text'
              when e.typtype in ('e', 'c', 'd') then 'text[]'
              else format_type(b.oid, b.mod) end as type
    from base b
    join pg_type t on t.oid = b.oid
    left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
   where t.typtype <> 'd'
   order by b.place`;
