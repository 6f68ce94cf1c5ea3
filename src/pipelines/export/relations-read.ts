import type { PoolClient, QueryConfig } from 'pg';

/**
 * Tables and views that a SELECT reads, as `schema.name`, with those that its views read; null when Postgres does not let us find
 * out. What functions read is not among them. It is what Postgres notes of a view of that SELECT, which is made and rolled
 * back: a plan would leave out what it can do without.
 */
export async function relationsRead(client: PoolClient, query: string): Promise<readonly string[] | null> {
  await client.query('begin');
  try {
    // Its columns may have the same name twice, which those of a view must not. The extended protocol takes one statement only.
    const made: QueryConfig & { queryMode: 'extended' } = {
      queryMode: 'extended',
      text: `create temp view sluice_export_reads as select from (\n${query}\n) as exported`,
    };
    await client.query(made);
    const { rows } = await client.query<{ name: string }>(READ_BELOW);
    return rows.map(({ name }) => name);
  } catch {
    // Not allowed to make temporary views, or what is wrong with the query: that comes to light when it is run.
    return null;
  } finally {
    await client.query('rollback');
  }
}

const READ_BELOW = `
  with recursive below as (
    select 'pg_temp.sluice_export_reads'::regclass::oid as oid
    union
    select d.refobjid
      from below join pg_rewrite r on r.ev_class = below.oid
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
     where d.refclassid = 'pg_class'::regclass)
  select nspname || '.' || relname as name
    from below join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace
   where c.oid <> 'pg_temp.sluice_export_reads'::regclass and c.relkind <> 'S'
     and nspname not in ('pg_catalog', 'information_schema')
   order by 1`;
