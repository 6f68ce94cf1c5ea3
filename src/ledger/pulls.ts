import type { Pool } from 'pg';
import type { Run } from './runs.ts';
import { SOURCE_FILE_COLUMNS, type SourceFile, type SourceFileColumns, toSourceFile } from './source-file.ts';

/** A table of a source, as the ledger names it. */
export interface PulledName {
  readonly source: string;
  readonly table: string;
  /** `<source>.<table>`, safe to display. */
  readonly title: string;
}

/** Stands where a file has its path. No path begins like this, for those are absolute. */
function pathOf(source: string, table: string): Buffer {
  return Buffer.from(`pull:${source}/${table}`);
}

/** Enters a table that is about to be pulled, in the place of a file. What an interrupted pull left of it has to be ended before. */
export async function registerPull(pool: Pool, { source, table, title }: PulledName): Promise<SourceFile> {
  const { rows } = await pool.query<SourceFileColumns>(
    `with f as (
       insert into sluice.source_file
         (path_bytes, path, name, size_bytes, mtime_ns, inode, device, origin, status, detected_at, settled_at)
       values ($1, $2, $2, 0, (extract(epoch from clock_timestamp()) * 1000000000)::numeric(20, 0), 0, 0, 'pull',
               'settled', now(), now())
       returning *
     )
     select ${SOURCE_FILE_COLUMNS} from f`,
    [pathOf(source, table), title],
  );
  return toSourceFile(rows[0] as SourceFileColumns);
}

/** Sources of which pulls were begun and not ended. */
export async function interruptedSources(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ source: string }>(
    `select distinct split_part(split_part(convert_from(path_bytes, 'UTF8'), '/', 1), ':', 2) as source
       from sluice.source_file where origin = 'pull' and finished_at is null order by 1`,
  );
  return rows.map(({ source }) => source);
}

/** Pulls of a source that were begun and not ended. Whoever holds the source knows that nobody works on them. */
export async function unfinishedPulls(
  pool: Pool,
  source: string,
): Promise<{ readonly file: SourceFile; readonly run: Run | null }[]> {
  const { rows } = await pool.query<UnfinishedRow>(
    `select ${SOURCE_FILE_COLUMNS}, r.run_id, r.attempt, r.started_at
       from sluice.source_file f left join sluice.run r on r.run_id = f.run_id and r.finished_at is null
      where f.origin = 'pull' and f.finished_at is null
        and substring(f.path_bytes for length($1::bytea)) = $1
      order by f.file_id`,
    [pathOf(source, '')],
  );
  return rows.map((row) => ({
    file: toSourceFile(row),
    run: row.run_id === null ? null : { runId: row.run_id, attempt: row.attempt, startedAt: row.started_at },
  }));
}

interface UnfinishedRow extends SourceFileColumns {
  readonly run_id: number | null;
  readonly attempt: number;
  readonly started_at: Date;
}

/** Takes back the entry of a table whose pull never began. */
export async function forgetPull(pool: Pool, file: SourceFile): Promise<void> {
  await pool.query(
    `delete from sluice.source_file f where f.file_id = $1 and f.finished_at is null
        and not exists (select from sluice.run r where r.file_id = f.file_id)`,
    [file.fileId],
  );
}

/** The file as the ledger has it when its run has ended: with its size, which only the reading tells. */
export async function endedPull(pool: Pool, file: SourceFile): Promise<SourceFile> {
  const { rows } = await pool.query<SourceFileColumns>(
    `select ${SOURCE_FILE_COLUMNS} from sluice.source_file f where f.file_id = $1`,
    [file.fileId],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`${file.displayPath} is not in the ledger`);
  return toSourceFile(row);
}
