import { hostname } from 'node:os';
import type { Pool, PoolClient } from 'pg';
import { SluiceError } from '../errors.ts';
import type { SourceFile } from './source-file.ts';

/** One execution for one source file; `attempt` counts its retries. */
export interface Run {
  readonly runId: number;
  readonly attempt: number;
  /** Of this attempt. */
  readonly startedAt: Date;
}

/** A file, and the run that works on it. */
export interface RunningFile {
  readonly file: SourceFile;
  readonly run: Run;
}

/**
 * Starts a run for each file, or the next attempt of its unfinished one. Files that have been finished meanwhile are
 * not in the result.
 */
export async function startRuns(pool: Pool, files: readonly SourceFile[]): Promise<RunningFile[]> {
  const values = [files.map((file) => file.fileId), hostname(), process.pid];
  const { rows } = await pool.query<StartedRow>(START_RUNS, values);
  const started = new Map(
    rows.map(({ file_id, run_id, attempt, started_at }) => [
      file_id,
      { runId: run_id, attempt, startedAt: started_at },
    ]),
  );
  return files.flatMap((file) => {
    const run = started.get(file.fileId);
    return run === undefined ? [] : [{ file, run }];
  });
}

/** Notes which stage a run has finished; shown to people, never decided upon. */
export async function recordStage(pool: Pool, file: SourceFile, run: Run, stage: Stage): Promise<void> {
  await pool.query(
    `with changed as (
       update sluice.run set status = $3, skipped = coalesce($6, skipped) where run_id = $2 and finished_at is null)
     update sluice.source_file set status = $3, sha256 = coalesce($4, sha256), business_date = coalesce($5, business_date)
      where file_id = $1 and finished_at is null`,
    [
      ...[file.fileId, run.runId, stage.status, stage.sha256 ?? null, stage.businessDate ?? null],
      stage.noted === undefined || stage.noted.length === 0 ? null : JSON.stringify(stage.noted),
    ],
  );
}

/** An entry of an archive that is passed over by rule, or, where `isNote`, something about one that was settled by rule. */
export interface NotedEntry {
  readonly name: string;
  readonly reason: string;
  readonly isNote?: boolean;
}

export interface Stage {
  readonly status: 'identified' | 'planned' | 'loaded';
  readonly sha256?: string | null;
  readonly businessDate?: string | null;
  /** Entries of an archive that are passed over, and what is to be known of others. */
  readonly noted?: readonly NotedEntry[];
}

/** Inside the publish transaction: locks runs, and refuses when another process has taken one over or finished it. */
export async function lockRuns(client: PoolClient, items: readonly RunningFile[]): Promise<void> {
  const { rows } = await client.query<{ run_id: number }>(
    `select r.run_id from sluice.run r
       join unnest($1::bigint[], $2::int[]) as w(run_id, attempt) on w.run_id = r.run_id and w.attempt = r.attempt
      where r.finished_at is null
      order by r.run_id
        for update of r`,
    [items.map(({ run }) => run.runId), items.map(({ run }) => run.attempt)],
  );
  const locked = new Set(rows.map((row) => row.run_id));
  const lost = items.find(({ run }) => !locked.has(run.runId));
  if (lost !== undefined) throw takenOver(lost);
}

function takenOver({ file, run }: RunningFile): SluiceError {
  return new SluiceError('RUN_TAKEN_OVER', { run: run.runId, file: file.displayPath });
}

/** How a run ended, as it is written to `run` and `source_file` together. */
export interface RunEnd {
  readonly status: 'published' | 'failed' | 'duplicate' | 'held';
  readonly sha256: string | null;
  readonly bytes: number;
  readonly error: SluiceError | null;
  /** YYYY-MM-DD; null keeps what is known. */
  readonly businessDate?: string | null;
}

/** How a run ends that an error has ended. */
export function endStatusOf({ code }: SluiceError): 'duplicate' | 'held' | 'failed' {
  if (code === 'ALREADY_PUBLISHED') return 'duplicate';
  return code === 'DELIVERY_HELD' || code === 'CHECK_HELD' ? 'held' : 'failed';
}

/** Records how runs ended. Refuses, like `lockRuns`, when one of them is no longer this attempt's to end. */
export async function endRuns(
  client: Pool | PoolClient,
  ends: readonly (RunningFile & { readonly end: RunEnd })[],
): Promise<void> {
  const rows = ends.map(({ file, run, end }) => ({
    file_id: file.fileId,
    run_id: run.runId,
    attempt: run.attempt,
    status: end.status,
    sha256: end.sha256,
    bytes: end.bytes,
    business_date: end.businessDate ?? null,
    error_code: end.error?.code ?? null,
    error_message: end.error?.message ?? null,
    error_facts: end.error?.facts ?? null,
  }));
  const { rows: ended } = await client.query<{ file_id: number }>(END_RUNS, [JSON.stringify(rows)]);
  const done = new Set(ended.map((row) => row.file_id));
  const lost = ends.find(({ file }) => !done.has(file.fileId));
  if (lost !== undefined) throw takenOver(lost);
}

interface StartedRow {
  file_id: number;
  run_id: number;
  attempt: number;
  started_at: Date;
}

const START_RUNS = `
  with file as (
    select file_id, run_id from sluice.source_file
     where file_id = any($1::bigint[]) and finished_at is null order by file_id for update
  ), again as (
    update sluice.run r
       set attempt = r.attempt + 1, status = 'settled', started_at = now(), host = $2, pid = $3,
           error_code = null, error_message = null, error_facts = null
      from file
     where r.run_id = file.run_id and r.finished_at is null
    returning r.file_id, r.run_id, r.attempt, r.started_at
  ), fresh as (
    insert into sluice.run (file_id, attempt, status, started_at, host, pid)
    select file_id, 1, 'settled', now(), $2, $3
      from file where file_id not in (select file_id from again)
     order by array_position($1::bigint[], file_id)
    returning file_id, run_id, attempt, started_at
  ), started as (
    select * from again union all select * from fresh
  ), noted as (
    update sluice.source_file f set run_id = s.run_id, attempts = f.attempts + 1
      from started s where f.file_id = s.file_id
  )
  select file_id, run_id, attempt, started_at from started`;

const END_RUNS = `
  with e as (
    select * from jsonb_to_recordset($1::jsonb) as e(file_id bigint, run_id bigint, attempt int, status text,
      sha256 text, bytes bigint, business_date date, error_code text, error_message text, error_facts jsonb)
  ), ended as (
    update sluice.run r
       set status = e.status, finished_at = clock_timestamp(), bytes = e.bytes, error_code = e.error_code,
           error_message = e.error_message, error_facts = e.error_facts
      from e
     where r.run_id = e.run_id and r.attempt = e.attempt and r.finished_at is null
    returning r.run_id
  )
  update sluice.source_file f
     set status = e.status, finished_at = clock_timestamp(), sha256 = coalesce(e.sha256, f.sha256),
         size_bytes = case when f.origin = 'pull' then e.bytes else f.size_bytes end,
         business_date = coalesce(e.business_date, f.business_date), run_id = e.run_id, waiting_for = null,
         next_attempt_at = null
    from e join ended using (run_id)
   where f.file_id = e.file_id
  returning f.file_id`;
