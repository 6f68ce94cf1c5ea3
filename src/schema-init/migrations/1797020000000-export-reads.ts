import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables and views that an export has read. */
export class ExportReads1797020000000 implements MigrationInterface {
  readonly name = 'ExportReads1797020000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}

/** Frozen: a change of the tables is a new migration. */
const STATEMENTS = [
  'alter table sluice.export_run add reads text[]',

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
      r.sequence,
      r.reads
    from sluice.export e
    join sluice.export_run r using (export_id)`,
];
