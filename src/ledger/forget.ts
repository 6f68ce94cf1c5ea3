import type { Pool } from 'pg';
import { inTransaction } from '../db/transaction.ts';

/** A file of which nothing is published, and which nothing in the ledger refers to. */
export interface ForgettableFile {
  readonly fileId: number;
  /** Where it lies, if it is still there; absolute, raw bytes. */
  readonly path: Buffer;
}

/** In the order in which they ended. */
export async function forgettableFiles(pool: Pool, days: number): Promise<ForgettableFile[]> {
  const { rows } = await pool.query<{ file_id: number; path: Buffer }>(FORGETTABLE, [days]);
  return rows.map((row) => ({ fileId: row.file_id, path: row.path }));
}

/** What is published, waits or is held stays, and what it refers to: the first run of a table, a run whose place was taken by a replay. */
const FORGETTABLE = `
  select f.file_id, coalesce(f.final_path_bytes, f.path_bytes) as path
    from sluice.source_file f
   where f.status in ('failed', 'duplicate', 'discarded', 'retracted', 'superseded') and f.outcome_done_at is not null
     and greatest(f.finished_at, f.outcome_done_at) < now() - make_interval(days => $1)
     and not exists (select from sluice.load_job l where l.file_id = f.file_id and l.status = 'published')
     and not exists (
           select from sluice.run r
            where r.file_id = f.file_id
              and (exists (select from sluice.run o where o.superseded_by = r.run_id)
                   or exists (select from sluice.source_file o where o.replays_run_id = r.run_id)
                   or exists (select from sluice.dataset d where d.first_run_id = r.run_id)
                   or exists (select from sluice.version v where v.first_run_id = r.run_id)
                   or exists (select from sluice.reject x where x.resolved_by = r.run_id)
                   or exists (select from sluice.load_job l where l.run_id = r.run_id and l.file_id <> f.file_id)))
   order by f.finished_at`;

/** Deletes what the ledger has about these files, each with all of it. */
export async function forgetFiles(pool: Pool, fileIds: readonly number[]): Promise<void> {
  await inTransaction(pool, async (client) => {
    for (const statement of FORGET) await client.query(statement, [fileIds]);
  });
}

const OF_THESE = 'file_id = any($1::bigint[])';
const FORGET = [
  `update sluice.source_file set run_id = null where ${OF_THESE}`,
  `delete from sluice.reject where load_id in (select load_id from sluice.load_job where ${OF_THESE})`,
  `delete from sluice.load_job where ${OF_THESE}`,
  `delete from sluice.run where ${OF_THESE}`,
  `delete from sluice.source_file where ${OF_THESE}`,
];

/** Former times that models were made and checks were run; of each the last stays. Gives how many rows went, or would go. */
export async function forgetHistory(pool: Pool, days: number, plan: boolean): Promise<number> {
  let rows = 0;
  for (const where of [OLD_MODEL_RUNS, OLD_CHECKS]) {
    const result = plan
      ? await pool.query<{ n: number }>(`select count(*) as n from ${where}`, [days])
      : await pool.query(`delete from ${where}`, [days]);
    rows += plan ? (result.rows[0]?.n ?? 0) : (result.rowCount ?? 0);
  }
  return rows;
}

const OLD_MODEL_RUNS = `sluice.model_run m where m.finished_at < now() - make_interval(days => $1)
  and exists (select from sluice.model_run n where n.model_id = m.model_id and n.status = m.status and n.model_run_id > m.model_run_id)`;

const OLD_CHECKS = `sluice.check_result c where c.checked_at < now() - make_interval(days => $1)
  and exists (select from sluice.check_result n where n.subject_kind = c.subject_kind and n.subject = c.subject
                 and n.name = c.name and n.check_id > c.check_id)`;
