import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What exports have written already, for those that write what is new. */
export class IncrementalExports1796960000000 implements MigrationInterface {
  readonly name = 'IncrementalExports1796960000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}

/** Frozen: a change of the tables is a new migration. */
const STATEMENTS = [
  `alter table sluice.export
    add sequence bigint not null default 0,
    add definition text`,

  `alter table sluice.export_run
    add sequence bigint,
    add pending jsonb`,

  `create table sluice.export_input (
    export_id bigint not null constraint export_input_export_id_fkey references sluice.export,
    run_id bigint not null,
    loads text not null,
    constraint export_input_pkey primary key (export_id, run_id)
  )`,

  `create or replace view sluice.exports as
    select
      e.name,
      r.export_run_id,
      r.status,
      r.trigger,
      r.source,
      r.file,
      r.rows,
      r.bytes,
      r.sha256,
      r.snapshot,
      r.taken_at,
      r.started_at,
      r.finished_at,
      round(extract(epoch from r.finished_at - r.started_at), 3) as seconds,
      r.error_code,
      r.error_message,
      r.sequence
    from sluice.export e
    join sluice.export_run r using (export_id)`,
];
