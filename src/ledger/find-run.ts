import type { Pool, PoolClient } from 'pg';

/** A run as commands name it. */
export interface RunState {
  readonly runId: number;
  readonly fileId: number;
  readonly fileName: string;
  /** Where the file was dropped, for people. */
  readonly path: string;
  readonly status: string;
  /** The run whose rejects it corrected; null for a load. */
  readonly corrects: number | null;
  readonly supersededBy: number | null;
}

/** Null when there is no such run. With `lock` nobody else changes its state until the transaction ends. */
export async function readRun(
  client: Pool | PoolClient,
  runId: number,
  lock = false,
): Promise<RunState | null> {
  const { rows } = await client.query<RunStateRow>(
    `${RUN_STATE} where r.run_id = $1 ${lock ? 'for update of r' : ''}`,
    [runId],
  );
  return rows[0] === undefined ? null : toRunState(rows[0]);
}

/** The newest run of every file of that name, or at that path: where it was dropped, or where it ended. */
export async function findRuns(pool: Pool, name: string, absolute: Buffer): Promise<RunState[]> {
  const { rows } = await pool.query<RunStateRow>(
    `${RUN_STATE} where r.run_id = f.run_id
       and (f.name = $1 or f.path = $1 or f.final_path = $1 or f.path_bytes = $2 or f.final_path_bytes = $2)
     order by r.run_id`,
    [name, absolute],
  );
  return rows.map(toRunState);
}

function toRunState(row: RunStateRow): RunState {
  return {
    runId: row.run_id,
    fileId: row.file_id,
    fileName: row.name,
    path: row.path,
    status: row.status,
    corrects: row.corrects,
    supersededBy: row.superseded_by,
  };
}

interface RunStateRow {
  run_id: number;
  file_id: number;
  name: string;
  path: string;
  status: string;
  corrects: number | null;
  superseded_by: number | null;
}

const RUN_STATE = `
  select r.run_id, f.file_id, f.name, f.path, r.status, r.superseded_by,
         case when r.kind = 'correction'
              then (select min(l.run_id) from sluice.load_job l where l.file_id = r.file_id) end as corrects
    from sluice.run r join sluice.source_file f on f.file_id = r.file_id`;
