import { hostname } from 'node:os';
import type { Pool, PoolClient } from 'pg';
import { SluiceError } from '../errors.ts';
import type { SourceFile } from './source-file.ts';

/** One execution for one source file; `attempt` counts its retries. */
export interface Run {
  readonly runId: number;
  readonly attempt: number;
}

/** Starts a run, or the next attempt of the file's unfinished run. Null when the file has been finished meanwhile. */
export async function startRun(pool: Pool, file: SourceFile): Promise<Run | null> {
  const values = [file.fileId, hostname(), process.pid];
  const { rows } = await pool.query<{ run_id: number; attempt: number }>(START_RUN, values);
  const row = rows[0];
  return row === undefined ? null : { runId: row.run_id, attempt: row.attempt };
}

/** Notes which stage a run has finished; shown to people, never decided upon. */
export async function recordStage(pool: Pool, file: SourceFile, run: Run, stage: Stage): Promise<void> {
  await pool.query(
    `with changed as (update sluice.run set status = $3 where run_id = $2 and finished_at is null)
     update sluice.source_file set status = $3, sha256 = coalesce($4, sha256), business_date = coalesce($5, business_date)
      where file_id = $1 and finished_at is null`,
    [file.fileId, run.runId, stage.status, stage.sha256 ?? null, stage.businessDate ?? null],
  );
}

export interface Stage {
  readonly status: 'identified' | 'planned' | 'loaded';
  readonly sha256?: string | null;
  readonly businessDate?: string | null;
}

/** Inside the publish transaction: locks the run, and refuses when another process has taken it over or finished it. */
export async function lockRun(client: PoolClient, file: SourceFile, run: Run): Promise<void> {
  const { rowCount } = await client.query(
    'select from sluice.run where run_id = $1 and attempt = $2 and finished_at is null for update',
    [run.runId, run.attempt],
  );
  if (rowCount !== 1) throw new SluiceError('RUN_TAKEN_OVER', { run: run.runId, file: file.displayPath });
}

/** How a run ended, as it is written to `run` and `source_file` together. */
export interface RunEnd {
  readonly status: 'published' | 'failed' | 'duplicate';
  readonly sha256: string | null;
  readonly bytes: number;
  readonly error: SluiceError | null;
}

/** Records how a run ended. Refuses, like `lockRun`, when this is no longer the run's attempt to end. */
export async function endRun(
  client: Pool | PoolClient,
  file: SourceFile,
  run: Run,
  end: RunEnd,
): Promise<void> {
  const { error } = end;
  const { rowCount } = await client.query(END_RUN, [
    file.fileId,
    run.runId,
    run.attempt,
    end.status,
    end.sha256,
    end.bytes,
    error?.code ?? null,
    error?.message ?? null,
    error === null ? null : JSON.stringify(error.facts),
  ]);
  if (rowCount !== 1) throw new SluiceError('RUN_TAKEN_OVER', { run: run.runId, file: file.displayPath });
}

const START_RUN = `
  with file as (
    select file_id, run_id from sluice.source_file where file_id = $1 and finished_at is null for update
  ), again as (
    update sluice.run r
       set attempt = r.attempt + 1, status = 'settled', started_at = now(), host = $2, pid = $3,
           error_code = null, error_message = null, error_facts = null
      from file
     where r.run_id = file.run_id and r.finished_at is null
    returning r.run_id, r.attempt
  ), fresh as (
    insert into sluice.run (file_id, attempt, status, started_at, host, pid)
    select file_id, 1, 'settled', now(), $2, $3 from file where not exists (select from again)
    returning run_id, attempt
  ), started as (
    select * from again union all select * from fresh
  ), noted as (
    update sluice.source_file f set run_id = s.run_id, attempts = f.attempts + 1
      from started s where f.file_id = $1
  )
  select run_id, attempt from started`;

const END_RUN = `
  with ended as (
    update sluice.run
       set status = $4, finished_at = clock_timestamp(), bytes = $6, error_code = $7, error_message = $8,
           error_facts = $9::jsonb
     where run_id = $2 and attempt = $3 and finished_at is null
    returning run_id
  )
  update sluice.source_file f
     set status = $4, finished_at = clock_timestamp(), sha256 = coalesce($5, sha256), run_id = ended.run_id,
         waiting_for = null, next_attempt_at = null
    from ended
   where f.file_id = $1`;
