import type { Pool } from 'pg';

/** One thing that stands before or behind another in what the ledger knows of rows and where they went. */
export interface LineageStep {
  readonly direction: 'fed by' | 'feeds';
  readonly kind: 'file' | 'dataset' | 'model' | 'table' | 'export';
  /** Of an export also the file that was written last. */
  readonly name: string;
  readonly runId: number | null;
  readonly rows: number | null;
  readonly at: Date | null;
}

/** The published files below a model; of one that follows runs those that it has taken in. Then the exports of it. */
export function lineageOfModel(pool: Pool, schema: string, name: string): Promise<LineageStep[]> {
  return steps(pool, OF_MODEL, [schema, name]);
}

/** Tables, models and datasets that the last file of an export was made from. */
export function lineageOfExport(pool: Pool, name: string): Promise<LineageStep[]> {
  return steps(pool, OF_EXPORT, [name]);
}

/** What the published runs of a file of this name or path went into. */
export function lineageOfFile(pool: Pool, name: string): Promise<LineageStep[]> {
  return steps(pool, OF_FILE, [name]);
}

async function steps(pool: Pool, sql: string, values: readonly string[]): Promise<LineageStep[]> {
  const { rows } = await pool.query<LineageStep>(sql, [...values]);
  return rows;
}

/** The last file of each export. */
const LAST_WRITTEN = `
  select distinct on (export_id) export_id, e.name || ' -> ' || r.file as name, coalesce(r.reads, array[r.source]) as reads, r.rows, r.taken_at
    from sluice.export e join sluice.export_run r using (export_id)
   where r.status = 'written' order by export_id, export_run_id desc`;

const OF_MODEL = `
  with model as (select * from sluice.model where schema_name = $1 and name = $2),
       taken as (select i.run_id from sluice.model_input i join model using (model_id)),
       fed as (
         select 'fed by' as direction, 'file' as kind, l.file_name || coalesce(' / ' || l.entry_name, '') as name,
                l.run_id, l.rows_loaded, l.finished_at
           from model m join sluice.loads l on m.inputs ? l.dataset
          where l.status = 'published' and (not exists (select from taken) or l.run_id in (select run_id from taken))
          order by l.run_id),
       written as (${LAST_WRITTEN})
  select direction, kind, name, run_id as "runId", rows_loaded as rows, finished_at as at from fed
  union all
  select 'feeds', 'export', w.name, null, w.rows, w.taken_at from written w where $1 || '.' || $2 = any(w.reads)`;

const OF_FILE = `
  with load as (
         select l.*, f.path from sluice.loads l join sluice.files f on f.run_id = l.run_id
          where (f.name = $1 or f.path = $1) and l.status = 'published'),
       model as (
         select m.* from sluice.model m
          where exists (select from load where m.inputs ? load.dataset)
            and (m.materialized in ('view', 'table')
              or exists (select from sluice.model_input i join load using (run_id) where i.model_id = m.model_id))),
       written as (${LAST_WRITTEN})
  select 'feeds' as direction, 'dataset' as kind, version_table as name, run_id as "runId", rows_loaded as rows,
         finished_at as at from load
  union all
  select 'feeds', 'model', schema_name || '.' || name, null, null, built_at from model
  union all
  select 'feeds', 'export', w.name, null, w.rows, w.taken_at from written w
   where exists (select from sluice.export_input i join load using (run_id) where i.export_id = w.export_id)
      or not exists (select from sluice.export_input i where i.export_id = w.export_id)
         and w.taken_at >= (select min(finished_at) from load)
         and exists (select from load where array[parent_table, version_table] && w.reads
                     union all select from model where schema_name || '.' || name = any(w.reads))`;

/** What the last file of an export has read: a table is any that is neither of a dataset nor a model. */
const OF_EXPORT = `
  select 'fed by' as direction,
         case when exists (select from sluice.versions v where read in (v.parent_table, v.version_table)) then 'dataset'
              when exists (select from sluice.model m where read = m.schema_name || '.' || m.name) then 'model'
              else 'table' end as kind,
         read as name, null as "runId", null as rows, w.taken_at as at
    from (select e.name, last.reads, last.taken_at
            from sluice.export e cross join lateral (
              select coalesce(r.reads, array[r.source]) as reads, r.taken_at from sluice.export_run r
               where r.export_id = e.export_id and r.status = 'written' order by export_run_id desc limit 1) last) w
         cross join unnest(w.reads) as r(read)
   where w.name = $1 and read <> 'query' order by 2, 3`;
