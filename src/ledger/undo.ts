import type { Pool, PoolClient } from 'pg';

/** A published load job, as far as taking its rows out of staging needs to know it. */
export interface PublishedLoad {
  readonly loadId: number;
  /** Whose `_run_id` its rows carry; a correction's are those of the run it corrects. */
  readonly runId: number;
  readonly fileName: string;
  /** True for a corrected reject file. */
  readonly isCorrection: boolean;
  readonly dataset: string;
  readonly schema: string;
  readonly parentTable: string;
  readonly versionTable: string;
  /** Tables in the segments schema that hold its rows and nobody else's; empty when they lie elsewhere. */
  readonly segments: readonly string[];
  /** Tables in the segments schema that hold its rows among others: what compaction has made. */
  readonly merged: readonly string[];
  readonly rowsLoaded: number;
}

/** The published load jobs of a run, with the corrections that have joined it. */
export async function publishedLoads(client: Pool | PoolClient, runId: number): Promise<PublishedLoad[]> {
  const { rows } = await client.query<PublishedLoadRow>(
    `${PUBLISHED_LOADS} and l.run_id = $1 order by l.load_id`,
    [runId],
  );
  return rows.map(toPublishedLoad);
}

/** Datasets that runs have published rows in. */
export async function datasetsOfRuns(pool: Pool, runIds: readonly number[]): Promise<string[]> {
  if (runIds.length === 0) return [];
  const { rows } = await pool.query<{ name: string }>(
    `select distinct d.name from sluice.load_job l join sluice.dataset d using (dataset_id)
      where l.run_id = any($1::bigint[]) and l.status = 'published'`,
    [runIds],
  );
  return rows.map((row) => row.name);
}

export function toPublishedLoad(row: PublishedLoadRow): PublishedLoad {
  return {
    loadId: row.load_id,
    runId: row.run_id,
    fileName: row.name,
    isCorrection: row.is_correction,
    dataset: row.dataset,
    schema: row.parent_schema,
    parentTable: row.parent_table,
    versionTable: row.table_name,
    segments: row.segments.filter((name) => !isMerged(name)),
    merged: row.segments.filter(isMerged),
    rowsLoaded: row.rows_loaded,
  };
}

/** Compaction's tables are `m<version id>_…`, those of a load `r<run id>_…`. */
function isMerged(segment: string): boolean {
  return segment.startsWith('m');
}

/**
 * The same loads, where a merged table that holds the rows of nobody else counts as their own: it can be dropped like a
 * segment.
 */
export async function withWholeTables(
  client: Pool | PoolClient,
  loads: readonly PublishedLoad[],
): Promise<PublishedLoad[]> {
  const merged = [...new Set(loads.flatMap((load) => load.merged))];
  if (merged.length === 0) return [...loads];
  const { rows } = await client.query<{ name: string }>(SHARED_TABLES, [
    merged,
    loads.map((load) => load.loadId),
  ]);
  const shared = new Set(rows.map((row) => row.name));
  return loads.map((load) => ({
    ...load,
    segments: [...load.segments, ...load.merged.filter((name) => !shared.has(name))],
    merged: load.merged.filter((name) => shared.has(name)),
  }));
}

const SHARED_TABLES = `
  select distinct s.name
    from sluice.load_job l cross join lateral unnest(l.segments) as s(name)
   where l.status = 'published' and l.load_id <> all($2::bigint[]) and s.name = any($1::text[])
     and l.version_id in (select version_id from sluice.load_job where load_id = any($2::bigint[]))`;

export interface PublishedLoadRow {
  load_id: number;
  run_id: number;
  name: string;
  is_correction: boolean;
  dataset: string;
  parent_schema: string;
  parent_table: string;
  table_name: string;
  segments: string[];
  rows_loaded: number;
}

/** Add conditions with `and`. `f` is the file that was read, `r` the run whose rows they are, `b` the file of that run, `d` the dataset. */
export const PUBLISHED_LOADS = `
  select l.load_id, l.run_id, f.name, l.file_id <> r.file_id as is_correction, d.name as dataset, d.parent_schema,
         d.parent_table, v.table_name, l.segments, l.rows_loaded
    from sluice.load_job l
    join sluice.run r on r.run_id = l.run_id
    join sluice.source_file f on f.file_id = l.file_id
    join sluice.source_file b on b.file_id = r.file_id
    join sluice.dataset d on d.dataset_id = l.dataset_id
    join sluice.version v on v.version_id = l.version_id
   where l.status = 'published'`;

export interface Undone {
  readonly status: 'retracted' | 'superseded';
  /** The run that takes the place of what is undone. */
  readonly by: number | null;
}

/**
 * Notes that load jobs are undone; a run and a file, too, once none of their load jobs is published any more. What
 * follows for the files is then to be carried out anew. Gives the ids of the files.
 */
export async function recordUndone(
  client: PoolClient,
  loadIds: readonly number[],
  { status, by }: Undone,
): Promise<number[]> {
  const { rows } = await client.query<{ file_id: number }>(RECORD_UNDONE, [loadIds, status, by]);
  return rows.map((row) => row.file_id);
}

const RECORD_UNDONE = `
  with undone as (
    update sluice.load_job set status = $2 where load_id = any($1::bigint[]) and status = 'published' returning file_id
  ), emptied as (
    select distinct file_id from undone u
     where not exists (select from sluice.load_job l
                        where l.file_id = u.file_id and l.status = 'published' and l.load_id <> all($1::bigint[]))
  ), runs as (
    update sluice.run r set status = $2, undone_at = clock_timestamp(), superseded_by = $3
      from sluice.source_file f join emptied using (file_id)
     where r.run_id = f.run_id and r.status = 'published'
  )
  update sluice.source_file f set status = $2, outcome_done_at = null
    from emptied where f.file_id = emptied.file_id and f.status = 'published'
  returning f.file_id`;
