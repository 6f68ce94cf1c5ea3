import type { Pool, PoolClient } from 'pg';

/** A row of `sluice.versions`, with what its published loads come to. */
export interface VersionsRow {
  dataset: string;
  version: number;
  label: string | null;
  parent_table: string;
  version_table: string;
  columns: { name: string; type: string; variantOf?: string; describedAs?: string }[];
  fingerprint: string;
  first_run_id: number;
  folder: string | null;
  rows: number;
  first_file: string | null;
  last_file: string | null;
}

/** Rows as the ledger counts them: those of published loads. */
const READ_VERSIONS = `
  with published as (
    select dataset, version_table, sum(rows_loaded)::bigint as rows,
           (array_agg(concat_ws('/', f.folder, file_name) order by l.run_id))[1] as first_file,
           (array_agg(concat_ws('/', f.folder, file_name) order by l.run_id desc))[1] as last_file
      from sluice.loads l left join (select run_id, min(folder) as folder from sluice.files group by run_id) f using (run_id)
     where l. status = 'published' and ($1::text is null or dataset = $1)
     group by dataset, version_table
  )
  select v.*, coalesce(p.rows, 0) as rows, p.first_file, p.last_file
    from sluice.versions v left join published p using (dataset, version_table)
   where $1::text is null or v.dataset = $1
   order by v.dataset, v.folder nulls first, v.version, length(v.label), v.label, v.version_table`;

/** The versions of one dataset, or of all, in order. */
export async function readVersions(
  client: Pool | PoolClient,
  dataset: string | null,
): Promise<VersionsRow[]> {
  const { rows } = await client.query<VersionsRow>(READ_VERSIONS, [dataset]);
  return rows;
}
