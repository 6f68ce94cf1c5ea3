import type { Pool } from 'pg';
import type { PublishedLoad } from '../../ledger/undo.ts';
import { segmentSchema } from '../tables/segments.ts';

/** Something that has to do with the tables of a run. */
export interface Dependent {
  /** `view public.big_orders`, `model datawarehouse.sales`, `foreign key … of public.notes`, `session 4711 (psql)`. */
  readonly name: string;
  /** `schema.table`. */
  readonly table: string;
  /** `reads`: shows the rows and will show them no more. `blocks`: removing them fails. `may block`: it depends. */
  readonly effect: 'reads' | 'blocks' | 'may block';
}

/** Views, models and foreign keys on the tables of these load jobs, and sessions that hold a segment at this moment. */
export async function findDependents(pool: Pool, loads: readonly PublishedLoad[]): Promise<Dependent[]> {
  const tables = loads.flatMap(({ schema, parentTable, versionTable, merged }) => [
    [schema, parentTable],
    [schema, versionTable],
    ...merged.map((name) => [segmentSchema(schema), name]),
  ]);
  const segments = loads.flatMap(({ schema, segments: names }) =>
    names.map((name) => [segmentSchema(schema), name]),
  );
  const { rows } = await pool.query<Dependent>(DEPENDENTS, [
    JSON.stringify(tables),
    JSON.stringify(segments),
    JSON.stringify(loads.map(({ dataset, schema, parentTable }) => [dataset, `${schema}.${parentTable}`])),
  ]);
  return rows;
}

const DEPENDENTS = `
  with touched as (
    select c.oid, n.nspname || '.' || c.relname as name, t.is_segment
      from (select e->>0 as schema, e->>1 as name, false as is_segment from jsonb_array_elements($1::jsonb) e
            union
            select e->>0, e->>1, true from jsonb_array_elements($2::jsonb) e) t
      join pg_namespace n on n.nspname = t.schema
      join pg_class c on c.relnamespace = n.oid and c.relname = t.name
  )
  select distinct case v.relkind when 'm' then 'materialized view ' else 'view ' end || v.oid::regclass as name,
         t.name as "table", case when t.is_segment then 'blocks' else 'reads' end as effect
    from touched t
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid and d.classid = 'pg_rewrite'::regclass
    join pg_rewrite w on w.oid = d.objid
    join pg_class v on v.oid = w.ev_class and v.oid <> t.oid
     and not starts_with(coalesce(obj_description(v.oid, 'pg_class'), ''), 'made by Sluice')
  union all
  select distinct 'model ' || m.schema_name || '.' || m.name, d->>1, 'reads'
    from sluice.model m, jsonb_array_elements($3::jsonb) d
   where m.hash is not null and m.inputs ? (d->>0)
  union all
  select 'foreign key ' || k.conname || ' of ' || k.conrelid::regclass, t.name,
         case when t.is_segment then 'blocks' else 'may block' end
    from touched t join pg_constraint k on k.confrelid = t.oid and k.contype = 'f'
  union all
  select distinct 'session ' || a.pid || ' (' || coalesce(nullif(a.application_name, ''), a.usename, '?') || ')', t.name,
         'blocks'
    from touched t
    join pg_locks l on l.relation = t.oid and l.granted
    join pg_stat_activity a on a.pid = l.pid and a.pid <> pg_backend_pid()
   -- The server's own workers (autovacuum) have no user; they give way by themselves.
   where t.is_segment and a.usesysid is not null
     and l.database = (select oid from pg_database where datname = current_database())
   order by 2, 1`;
