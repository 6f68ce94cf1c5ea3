import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What takes a run back, replaces it, or holds a delivery. */
export class Undo1795500000000 implements MigrationInterface {
  readonly name = 'Undo1795500000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}

const STATEMENTS = [
  `alter table sluice.source_file
     add final_path_bytes bytea,
     add replays_run_id bigint constraint source_file_replays_run_id_fkey references sluice.run,
     add redelivery text`,
  'create index source_file_name on sluice.source_file (name)',
  'create index source_file_inode on sluice.source_file (inode)',
  `alter table sluice.run
     add undone_at timestamptz,
     add superseded_by bigint constraint run_superseded_by_fkey references sluice.run`,
  'create index run_superseded_by on sluice.run (superseded_by) where superseded_by is not null',

  // What was taken back or replaced has nothing left to be corrected.
  `create or replace view sluice.rejects as
    select
      x.run_id,
      f.name as file_name,
      l.entry_name,
      x.record_number,
      x.line_number,
      x.column_name,
      x.code,
      x.message,
      x.sqlstate,
      x.raw
    from sluice.reject x
    join sluice.run r on r.run_id = x.run_id
    join sluice.source_file f on f.file_id = r.file_id
    join sluice.load_job l on l.load_id = x.load_id
    where x.resolved_by is null and l.status not in ('retracted', 'superseded')`,
];
