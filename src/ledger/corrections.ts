import type { Pool, PoolClient } from 'pg';
import type { Dialect } from '../formats/delimited/dialect.ts';
import type { DescribedColumn } from '../formats/dump/described-column.ts';
import { rejectFileNames } from './reject-file-names.ts';

/** The open rejects of a load job, which a corrected reject file answers line by line. */
export interface Correction {
  /** The run whose rows the corrected records become. */
  readonly runId: number;
  readonly loadId: number;
  /** Record numbers of the open rejects, in the order of the reject file. */
  readonly records: readonly number[];
  /** Columns that the load left out: what a correction adds to it has none of them. */
  readonly discarded: readonly string[];
}

/** What is known of the load that a reject file comes from. */
export interface CorrectedLoad {
  readonly correction: Correction;
  /** Null when the run failed before it had one. */
  readonly dataset: string | null;
  /** Of the load; only what is published can be added to. */
  readonly status: string;
  readonly dialect: Dialect;
  /** What a dump says of its columns; null for a plain file, and for what was loaded before this was kept. */
  readonly described: readonly DescribedColumn[] | null;
  readonly folder: string | null;
  /** Of the version table its rows are in. */
  readonly label: string | null;
  readonly businessDate: string | null;
}

/** The load of run `runId` whose reject file is called `rejectFile`, or null when there is none. */
export async function findCorrectedLoad(
  pool: Pool,
  runId: number,
  rejectFile: string,
): Promise<CorrectedLoad | null> {
  const loads = await pool.query<NamedRow>(FIND_NAMES, [runId]);
  const names = rejectFileNames(
    loads.rows.map(({ load_id, name, entry_name }) => {
      return { loadId: load_id, runId, fileName: name, entryName: entry_name };
    }),
  );
  const loadId = [...names].find(([, name]) => name === rejectFile)?.[0];
  if (loadId === undefined) return null;
  const { rows } = await pool.query<CorrectedRow>(FIND, [loadId]);
  const row = rows[0];
  if (row === undefined) return null;
  return {
    correction: { runId, loadId: row.load_id, records: row.records, discarded: row.discarded },
    dataset: row.dataset,
    status: row.status,
    dialect: row.dialect,
    described: row.described,
    folder: row.folder,
    label: row.label,
    businessDate: row.business_date,
  };
}

/** One record of a correction that is still refused; `record` is the number of the reject it stands for. */
export interface StillRefused {
  readonly record: number;
  readonly column: string | null;
  readonly code: string;
  readonly message: string;
  readonly sqlstate: string | null;
}

/** Marks rejects as resolved by `byRun`, all but those that are still refused: they stay open, with the new reason. */
export async function resolveRejects(
  client: PoolClient,
  correction: Correction,
  byRun: number,
  still: readonly StillRefused[],
): Promise<void> {
  await client.query(RESOLVE, [correction.loadId, byRun, correction.records, still.map((one) => one.record)]);
  await client.query(EXPLAIN, [correction.loadId, JSON.stringify(still)]);
  await client.query("update sluice.run set kind = 'correction' where run_id = $1", [byRun]);
}

/**
 * Inside the publish transaction, under the dataset's lock: the state of the load that is corrected. What has been taken
 * back meanwhile is added to no more.
 */
export async function correctedStatus(client: PoolClient, { loadId }: Correction): Promise<string> {
  const { rows } = await client.query<{ status: string }>(
    'select status from sluice.load_job where load_id = $1',
    [loadId],
  );
  return rows[0]?.status ?? 'gone';
}

interface CorrectedRow {
  load_id: number;
  dataset: string | null;
  status: string;
  dialect: Dialect;
  described: readonly DescribedColumn[] | null;
  discarded: string[];
  folder: string | null;
  label: string | null;
  business_date: string | null;
  records: number[];
}

interface NamedRow {
  load_id: number;
  name: string;
  entry_name: string | null;
}

const FIND_NAMES = `
  select l.load_id, f.name, l.entry_name
    from sluice.run r
    join sluice.source_file f on f.file_id = r.file_id
    join sluice.load_job l on l.run_id = r.run_id and l.file_id = r.file_id
   where r.run_id = $1 and l.rows_rejected > 0
   order by l.load_id`;

const FIND = `
  select l.load_id, d.name as dataset, l.status, l.dialect, l.described, l.discarded, f.label as folder, v.label, f.business_date::text,
         array(select x.record_number from sluice.reject x
                where x.load_id = l.load_id and x.resolved_by is null order by x.record_number)::float8[] as records
    from sluice.load_job l
    join sluice.source_file f on f.file_id = l.file_id
    left join sluice.dataset d on d.dataset_id = l.dataset_id
    left join sluice.version v on v.version_id = l.version_id
   where l.load_id = $1`;

const RESOLVE = `
  update sluice.reject set resolved_by = $2
   where load_id = $1 and record_number = any($3::bigint[]) and record_number <> all($4::bigint[])
     and resolved_by is null`;

const EXPLAIN = `
  update sluice.reject x
     set column_name = s."column", code = s.code, message = s.message, sqlstate = s.sqlstate
    from jsonb_to_recordset($2::jsonb) as s(record bigint, "column" text, code text, message text, sqlstate text)
   where x.load_id = $1 and x.record_number = s.record`;
