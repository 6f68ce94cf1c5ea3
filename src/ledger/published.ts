import type { Pool } from 'pg';

/** An earlier run that published the same content. */
export interface PublishedTwin {
  readonly runId: number;
  readonly fileName: string;
  readonly dataset: string;
}

/** True when some published file has this size; only then can there be a twin, and hashing ahead pays. */
export async function hasPublishedSize(pool: Pool, sizeBytes: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `select from sluice.source_file where size_bytes = $1 and status = 'published' and sha256 is not null limit 1`,
    [sizeBytes],
  );
  return rowCount === 1;
}

export interface TwinQuery {
  /** SHA-256 of the content, in hex. */
  readonly sha256: string;
  readonly dataset: string;
  /** The dataset's name was derived from the file's name: then the same rows in any dataset are a twin. */
  readonly derived: boolean;
  /** Runs that are about to be replaced: they are no twins. */
  readonly replaced: readonly number[];
}

/** The published load of the same content, if there is one. */
export async function findPublishedTwin(pool: Pool, query: TwinQuery): Promise<PublishedTwin | null> {
  const { rows } = await pool.query<{ run_id: number; name: string; dataset: string }>(
    `select j.run_id, f.name, d.name as dataset
       from sluice.load_job j
       join sluice.dataset d using (dataset_id)
       join sluice.run r using (run_id)
       join sluice.source_file f on f.file_id = r.file_id
      where j.status = 'published' and j.content_sha256 = $1
        and (d.name = $2 or ($3 and j.records_read > 0)) and j.run_id <> all($4::bigint[])
        -- What has been published twice on purpose can be replaced by itself.
        and not exists (select from sluice.load_job own
                         where own.run_id = any($4) and own.status = 'published' and own.content_sha256 = $1)
      order by d.name = $2 desc, j.run_id
      limit 1`,
    [query.sha256, query.dataset, query.derived, query.replaced],
  );
  const row = rows[0];
  return row === undefined ? null : { runId: row.run_id, fileName: row.name, dataset: row.dataset };
}

/** Which of these contents have been published, in whatever dataset. */
export async function findPublishedContent(pool: Pool, hashes: readonly string[]): Promise<string[]> {
  const { rows } = await pool.query<{ content_sha256: string }>(
    `select distinct content_sha256 from sluice.load_job
      where status = 'published' and content_sha256 = any($1::text[])`,
    [hashes],
  );
  return rows.map((row) => row.content_sha256);
}

/** An entry of an archive, and the dataset it would go into. */
export interface ArchivePart {
  readonly entry: string | null;
  readonly dataset: string;
  /** Of a table of a dump: the version and the folder whose it is. Null: any will do. */
  readonly version: { readonly label: string | null; readonly folder: string | null } | null;
}

/** The published run of an archive with the same bytes, if each of these entries is published in it or a duplicate there; one that is about to be replaced first. */
export async function findPublishedArchive(
  pool: Pool,
  sha256: string,
  parts: readonly ArchivePart[],
  replaced: readonly number[],
): Promise<Omit<PublishedTwin, 'dataset'> | null> {
  const { rows } = await pool.query<{ run_id: number; name: string }>(FIND_ARCHIVE, [
    sha256,
    parts.map(({ entry }) => entry),
    parts.map(({ dataset }) => dataset),
    parts.map(({ version }) => version !== null),
    parts.map(({ version }) => version?.label ?? null),
    parts.map(({ version }) => version?.folder ?? null),
    replaced,
  ]);
  const row = rows[0];
  return row === undefined ? null : { runId: row.run_id, fileName: row.name };
}

const FIND_ARCHIVE = `
  select r.run_id, f.name
    from sluice.source_file f
    join sluice.run r on r.run_id = f.run_id
   where f.sha256 = $1 and f.status = 'published' and r.status = 'published'
     and not exists (
         select from unnest($2::text[], $3::text[], $4::boolean[], $5::text[], $6::text[])
                as part(entry, dataset, is_versioned, label, folder)
          where not exists (
                select from sluice.load_job j left join sluice.dataset d using (dataset_id) left join sluice.version v using (version_id)
                 where j.run_id = r.run_id and j.entry_name = part.entry
                   and (j.status = 'duplicate' or j.status = 'published' and d.name = part.dataset)
                   and (not part.is_versioned or f.label is not distinct from part.folder
                        and (v.label is not distinct from part.label or v.version_id is null))))
   order by r.run_id = any($7::bigint[]) desc, r.run_id limit 1`;
