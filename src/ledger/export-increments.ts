import type { Pool, PoolClient } from 'pg';
import type { ExportRunEnd, Signatures, WrittenFile } from './exports.ts';

type Client = Pool | PoolClient;

/** A table whose rows belong to runs that the ledger knows. */
export interface RunTable {
  readonly kind: 'dataset' | 'model';
  readonly id: number;
  /** Another one, and the same runs may have given other rows. */
  readonly definition: string;
}

/** The parent table of a dataset, or the table of an incremental model; null for everything else. */
export async function findRunTable(client: Client, schema: string, table: string): Promise<RunTable | null> {
  const { rows } = await client.query<RunTable>(
    `select 'dataset' as kind, dataset_id as id, 'dataset ' || dataset_id as definition
       from sluice.dataset where parent_schema = $1 and parent_table = $2
     union all
     select 'model', model_id, 'model ' || model_id || ' ' || hash
       from sluice.model where schema_name = $1 and name = $2 and materialized = 'incremental' and hash is not null`,
    [schema, table],
  );
  return rows[0] ?? null;
}

/** How far an export has come. */
export interface ExportState {
  /** Of its last file; 0 before the first. */
  readonly sequence: number;
  readonly definition: string | null;
  /** The file that the next one repeats, because it has gone. */
  readonly lost: string | null;
}

export async function readExportState(client: Client, exportId: number): Promise<ExportState> {
  const { rows } = await client.query<ExportState>(
    `select sequence, definition,
            (select r.file from sluice.export_run r
              where r.export_id = e.export_id and r.status = 'lost' and r.sequence = e.sequence + 1
              order by r.export_run_id desc limit 1) as lost
       from sluice.export e where export_id = $1`,
    [exportId],
  );
  return rows[0] as ExportState;
}

/** Runs against what an export has written: those to be written with their load jobs, and those that are not any more what was written. */
export interface RunDelta {
  readonly arrived: readonly (readonly [runId: number, loads: string])[];
  readonly gone: readonly number[];
}

const RUNS_OF = {
  dataset: `
    select l.run_id, string_agg(l.load_id::text, ',' order by l.load_id) as loads
      from sluice.load_job l join sluice.run r using (run_id)
     where l.dataset_id = $2 and l.status = 'published' and r.status = 'published'
     group by l.run_id`,
  model: 'select run_id, loads from sluice.model_input where model_id = $2',
} as const;

/** `whole`: as if nothing had been written. */
export async function readRunDelta(
  client: Client,
  exportId: number,
  table: RunTable,
  whole: boolean,
): Promise<RunDelta> {
  const { rows } = await client.query<{ run_id: number; seen: boolean; loads: string | null }>(
    `select run_id, i.loads is not null as seen, p.loads
       from (select run_id, loads from sluice.export_input where export_id = $1 and not $3) i
       full join (${RUNS_OF[table.kind]}) p using (run_id)
      where i.loads is distinct from p.loads
      order by run_id`,
    [exportId, table.id, whole],
  );
  return {
    arrived: rows.flatMap(({ run_id, loads }) => (loads === null ? [] : [[run_id, loads] as const])),
    gone: rows.filter(({ seen }) => seen).map(({ run_id }) => run_id),
  };
}

/** What is to be noted when a complete file has its name. */
export interface PendingExport extends RunDelta {
  readonly whole: boolean;
  readonly sequence: number;
  readonly definition: string;
  readonly inputs: Signatures;
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** Notes a file that is complete, before it gets its name; gives the id of its row. */
export async function savePending(
  client: Client,
  end: ExportRunEnd,
  written: WrittenFile,
  pending: PendingExport,
): Promise<number> {
  const { rows, bytes, sha256, snapshot, takenAt } = written;
  const { rows: saved } = await client.query<{ id: number }>(
    `insert into sluice.export_run (export_id, status, trigger, source, file, started_at,
       rows, bytes, sha256, snapshot, taken_at, sequence, pending)
     values ($1, 'complete', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning export_run_id as id`,
    [
      ...[end.exportId, end.trigger, end.source, end.file, end.startedAt, rows, bytes, sha256, snapshot],
      ...[takenAt, pending.sequence, JSON.stringify(pending)],
    ],
  );
  return saved[0]?.id as number;
}

/** A file that was complete when its process ended. */
export interface CompleteExport {
  readonly id: number;
  readonly exportId: number;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly pending: PendingExport;
}

/** Of one export, or of all. */
export async function readComplete(client: Client, exportId: number | null): Promise<CompleteExport[]> {
  const { rows } = await client.query<CompleteExport>(
    `select export_run_id as id, export_id as "exportId", file, bytes, sha256, pending
       from sluice.export_run where status = 'complete' and ($1::bigint is null or export_id = $1)
      order by export_run_id`,
    [exportId],
  );
  return rows;
}

/** Exports that have such files. */
export async function readUnfinished(client: Client): Promise<{ exportId: number; name: string }[]> {
  const { rows } = await client.query<{ exportId: number; name: string }>(
    `select export_id as "exportId", name from sluice.export
      where export_id in (select export_id from sluice.export_run where status = 'complete') order by 1`,
  );
  return rows;
}

/** In one transaction: the file is there, and these runs are in it. */
export async function notePending(client: PoolClient, exportId: number, id: number, pending: PendingExport) {
  const { whole, sequence, definition, inputs, arrived, gone } = pending;
  await client.query(
    `update sluice.export_run set status = 'written', finished_at = clock_timestamp(), pending = null
      where export_run_id = $1`,
    [id],
  );
  await client.query(
    'update sluice.export set sequence = $2, definition = $3, inputs = $4 where export_id = $1',
    [exportId, sequence, definition, JSON.stringify(inputs)],
  );
  await client.query(
    'delete from sluice.export_input where export_id = $1 and ($2 or run_id = any($3::bigint[]))',
    [exportId, whole, gone],
  );
  await client.query(
    `insert into sluice.export_input (export_id, run_id, loads)
     select $1, run_id, loads from unnest($2::bigint[], $3::text[]) as arrived(run_id, loads)`,
    [exportId, arrived.map(([run]) => run), arrived.map(([, loads]) => loads)],
  );
}

export async function noteLost(client: Client, id: number, code: string, message: string): Promise<void> {
  await client.query(
    `update sluice.export_run set status = 'lost', finished_at = clock_timestamp(), pending = null,
            error_code = $2, error_message = $3 where export_run_id = $1`,
    [id, code, message],
  );
}

/** There was nothing new, and what it follows has been looked at. */
export async function saveExportInputs(client: Client, exportId: number, inputs: Signatures): Promise<void> {
  await client.query('update sluice.export set inputs = $2 where export_id = $1', [
    exportId,
    JSON.stringify(inputs),
  ]);
}
