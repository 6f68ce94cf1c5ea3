import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Exports of the configuration, and every file that was written for them. */
export class Exports1796600000000 implements MigrationInterface {
  readonly name = 'Exports1796600000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}

/** Frozen: a change of the tables is a new migration. */
const STATEMENTS = [
  `create table sluice.export (
    export_id bigint generated always as identity constraint export_pkey primary key,
    name text not null,
    inputs jsonb,
    created_at timestamptz not null default now()
  )`,
  'create unique index export_name_key on sluice.export (name)',

  `create table sluice.export_run (
    export_run_id bigint generated always as identity constraint export_run_pkey primary key,
    export_id bigint not null constraint export_run_export_id_fkey references sluice.export,
    status text not null,
    trigger text not null,
    source text not null,
    file text not null,
    rows bigint,
    bytes bigint,
    sha256 text,
    snapshot text,
    taken_at timestamptz,
    started_at timestamptz not null,
    finished_at timestamptz,
    error_code text,
    error_message text
  )`,
  'create index export_run_export on sluice.export_run (export_id, export_run_id)',

  `create view sluice.exports as
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
      r.error_message
    from sluice.export e
    join sluice.export_run r using (export_id)`,
];
