import type { Pool, PoolClient } from 'pg';

/** Runs of some datasets as a model stands to them. */
export interface RunChanges {
  /** Published, and not taken in yet; or taken in before something was added to it. */
  readonly arrived: readonly number[];
  /** Taken in, and not published any more; or published with something else in it. */
  readonly gone: readonly number[];
}

/** Runs that are published now, by what is loaded for each. */
const PUBLISHED = `
  select l.run_id, string_agg(l.load_id::text, ',' order by l.load_id) as loads
    from sluice.load_job l join sluice.run r using (run_id)
   where l.dataset_id = any($2) and l.status = 'published' and r.status = 'published'
   group by l.run_id`;

/** What has been published and taken back since a model was last made. */
export async function runChanges(
  client: Pool | PoolClient,
  modelId: number,
  datasetIds: readonly number[],
): Promise<RunChanges> {
  const { rows } = await client.query<{ run_id: number; seen: boolean; published: boolean }>(
    `select run_id, i.loads is not null as seen, p.loads is not null as published
       from (select run_id, loads from sluice.model_input where model_id = $1) i
       full join (${PUBLISHED}) p using (run_id)
      where i.loads is distinct from p.loads
      order by run_id`,
    [modelId, datasetIds],
  );
  return {
    arrived: rows.filter((row) => row.published).map((row) => row.run_id),
    gone: rows.filter((row) => row.seen).map((row) => row.run_id),
  };
}

/** Notes that a model has taken in everything that is published now; `whole` forgets what it had before. */
export async function saveModelInputs(
  client: PoolClient,
  modelId: number,
  datasetIds: readonly number[],
  changes: RunChanges | null,
): Promise<void> {
  await client.query(
    'delete from sluice.model_input where model_id = $1 and ($2::bigint[] is null or run_id = any($2))',
    [modelId, changes?.gone ?? null],
  );
  await client.query(
    `insert into sluice.model_input (model_id, run_id, loads)
     select $1, run_id, loads from (${PUBLISHED}) p where $3::bigint[] is null or run_id = any($3)`,
    [modelId, datasetIds, changes?.arrived ?? null],
  );
}

/** What a transaction must leave out, because it is being published while it works. */
export interface RunHorizon {
  /** Runs beyond this one are left out. */
  readonly last: number;
  /** Runs that are not finished. */
  readonly unfinished: readonly number[];
}

export async function readHorizon(client: PoolClient): Promise<RunHorizon> {
  const { rows } = await client.query<RunHorizon>(
    `select coalesce(max(run_id), 0) as last,
            coalesce(array_agg(run_id) filter (where finished_at is null), '{}')::int8[] as unfinished
       from sluice.run`,
  );
  return { last: rows[0]?.last ?? 0, unfinished: rows[0]?.unfinished ?? [] };
}

/** Tables that hold the rows of some runs of a dataset, without those of most others. */
export async function tablesOfRuns(
  client: PoolClient,
  datasetId: number,
  runIds: readonly number[],
): Promise<{ schema: string; name: string }[]> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `select distinct d.parent_schema as schema, v.table_name as name
       from sluice.load_job l join sluice.version v using (version_id) join sluice.dataset d on d.dataset_id = l.dataset_id
      where l.dataset_id = $1 and l.run_id = any($2)
     union
     select d.parent_schema || '_segments', unnest(l.segments)
       from sluice.load_job l join sluice.dataset d using (dataset_id)
      where l.dataset_id = $1 and l.run_id = any($2)`,
    [datasetId, runIds],
  );
  return rows;
}

/**
 * A table `sluice_delivery` of the transaction: since when each published run of the datasets counts, and its rank. What has no date ranks in the
 * order of the runs, which is that of arrival, whatever the clock has said meanwhile; among what has one, it stands where the clock
 * had got to.
 */
export async function makeDeliveries(client: PoolClient, datasetIds: readonly number[]): Promise<void> {
  await client.query(
    `create temp table sluice_delivery on commit drop as
     select run_id, row_number() over (order by coalesce(day, reached), came, run_id) as rank, coalesce(day, came_at) as at
       from (
         select *, max(came_at) over (partition by day is null order by came, run_id) as reached
           from (
             select distinct r.run_id, coalesce(o.run_id, r.run_id) as came, coalesce(o.finished_at, r.finished_at) as came_at,
                    f.business_date::timestamp at time zone 'UTC' as day
               from sluice.load_job l
               join sluice.run r using (run_id)
               join sluice.source_file f on f.file_id = r.file_id
               left join lateral (
                 with recursive chain as (
                   select f.replays_run_id as run_id
                   union all
                   select b.replays_run_id from chain c join sluice.run q using (run_id)
                     join sluice.source_file b on b.file_id = q.file_id where b.replays_run_id is not null
                 ) select q.run_id, q.finished_at from chain join sluice.run q using (run_id) order by q.run_id limit 1
               ) o on f.replays_run_id is not null
              where l.dataset_id = any('{${datasetIds.join(',')}}'::bigint[])
                and l.status = 'published' and r.status = 'published'
           ) published
       ) d;
     alter table sluice_delivery add primary key (run_id); analyze sluice_delivery`,
  );
}
