import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Results of checks, and the rows that fail them. */
export class Checks1796500000000 implements MigrationInterface {
  readonly name = 'Checks1796500000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}

/** Frozen: a change of the tables is a new migration. */
const STATEMENTS = [
  'alter table sluice.source_file add checks_waived boolean not null default false',

  `create table sluice.check_result (
    check_id bigint generated always as identity constraint check_result_pkey primary key,
    subject_kind text not null,
    subject text not null,
    name text not null,
    kind text not null,
    severity text not null,
    status text not null,
    rows_checked bigint,
    rows_failing bigint,
    message text,
    run_id bigint,
    checked_at timestamptz not null
  )`,
  'create index check_result_subject on sluice.check_result (subject_kind, subject, name, check_id)',
  'create index check_result_run on sluice.check_result (run_id)',

  `create table sluice.check_failure (
    check_id bigint not null
      constraint check_failure_check_id_fkey references sluice.check_result on delete cascade,
    number integer not null,
    "row" jsonb not null,
    constraint check_failure_pkey primary key (check_id, number)
  )`,

  `create view sluice.checks as
    select
      c.check_id,
      c.subject_kind,
      c.subject,
      c.name,
      c.kind,
      c.severity,
      c.status,
      c.rows_checked,
      c.rows_failing,
      c.message,
      c.run_id,
      f.name as file_name,
      c.checked_at,
      not exists (
        select from sluice.check_result n
         where n.subject_kind = c.subject_kind and n.subject = c.subject and n.name = c.name
           and n.check_id > c.check_id
      ) as latest
    from sluice.check_result c
    left join sluice.run r on r.run_id = c.run_id
    left join sluice.source_file f on f.file_id = r.file_id`,

  `create view sluice.check_failures as
    select c.subject_kind, c.subject, c.name, c.run_id, f.number, f."row", c.checked_at
    from sluice.check_failure f join sluice.check_result c using (check_id)`,
];
