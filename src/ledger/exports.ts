import type { Pool, PoolClient } from 'pg';
import type { SluiceError } from '../errors.ts';

type Client = Pool | PoolClient;

/** What datasets and models are like, by `staging.NAME` and `warehouse.NAME`: another text, and they have changed. */
export type Signatures = Readonly<Record<string, string>>;

/** Makes sure that an export has a row; gives its id. */
export async function registerExport(client: Client, name: string): Promise<number> {
  await client.query('insert into sluice.export (name) values ($1) on conflict (name) do nothing', [name]);
  const { rows } = await client.query<{ export_id: number }>(
    'select export_id from sluice.export where name = $1',
    [name],
  );
  return rows[0]?.export_id as number;
}

/**
 * Since when nothing is known of exports: when they were tried last or else made known, by name. Those that are not known yet
 * are made known.
 */
export async function exportsTriedLast(client: Client, names: readonly string[]): Promise<Map<string, Date>> {
  await client.query(
    'insert into sluice.export (name) select unnest($1::text[]) on conflict (name) do nothing',
    [names],
  );
  const { rows } = await client.query<{ name: string; at: Date }>(
    `select e.name, coalesce(max(r.started_at), e.created_at) as at
       from sluice.export e left join sluice.export_run r using (export_id)
      where e.name = any($1) group by e.export_id`,
    [names],
  );
  return new Map(rows.map(({ name, at }) => [name, at]));
}

/** What each export followed when it was written last; null when it never was. */
export async function readExportInputs(client: Client): Promise<Map<string, Signatures | null>> {
  const { rows } = await client.query<{ name: string; inputs: Signatures | null }>(
    'select name, inputs from sluice.export',
  );
  return new Map(rows.map(({ name, inputs }) => [name, inputs]));
}

/**
 * The models that have been made. A view is what its datasets are; of a table counts the last time that making it has
 * changed rows.
 */
export async function readModelSignatures(client: Client, schema: string): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; signature: string }>(
    `select m.name, concat_ws(':', m.hash,
            case m.materialized when 'view' then md5(m.inputs::text) else (
              select max(r.model_run_id)::text from sluice.model_run r
               where r.model_id = m.model_id and r.status = 'built'
                 and (r.rows_inserted > 0 or r.rows_updated > 0 or r.rows_deleted > 0)) end) as signature
       from sluice.model m where m.schema_name = $1 and m.hash is not null`,
    [schema],
  );
  return new Map(rows.map(({ name, signature }) => [name, signature]));
}

/** One file of an export, or the failure to write it. */
export interface ExportRunEnd {
  readonly exportId: number;
  readonly trigger: string;
  readonly source: string;
  readonly file: string;
  readonly startedAt: Date;
}

export interface WrittenFile {
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly snapshot: string;
  readonly takenAt: Date;
}

/** What a file was made from. */
export interface ExportSources {
  readonly inputs: Signatures;
  readonly reads: readonly string[] | null;
}

/** Notes a file that lies there under its name, and what it was made from. */
export async function saveWritten(
  client: Client,
  end: ExportRunEnd,
  written: WrittenFile,
  { inputs, reads }: ExportSources,
): Promise<void> {
  const { rows, bytes, sha256, snapshot, takenAt } = written;
  await client.query(
    `with noted as (update sluice.export set inputs = $7 where export_id = $1)
     insert into sluice.export_run (export_id, status, trigger, source, file, started_at, finished_at,
       rows, bytes, sha256, snapshot, taken_at, reads)
     values ($1, 'written', $2, $3, $4, $5, clock_timestamp(), $6, $8, $9, $10, $11, $12)`,
    [
      ...[end.exportId, end.trigger, end.source, end.file, end.startedAt],
      ...[rows, JSON.stringify(inputs), bytes, sha256, snapshot, takenAt, reads],
    ],
  );
}

export async function saveFailed(client: Client, end: ExportRunEnd, error: SluiceError): Promise<void> {
  await client.query(
    `insert into sluice.export_run (export_id, status, trigger, source, file, started_at, finished_at,
       error_code, error_message)
     values ($1, 'failed', $2, $3, $4, $5, clock_timestamp(), $6, $7)`,
    [end.exportId, end.trigger, end.source, end.file, end.startedAt, error.code, error.message],
  );
}
