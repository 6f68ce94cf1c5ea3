import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Models, what they were made from, and how often. */
export class Warehouse1796000000000 implements MigrationInterface {
  readonly name = 'Warehouse1796000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}

/** Frozen: a change of the tables is a new migration. */
const STATEMENTS = [
  `create table sluice.model (
    model_id bigint generated always as identity constraint model_pkey primary key,
    name text not null,
    schema_name text not null,
    materialized text not null,
    file text not null,
    hash text,
    columns jsonb,
    inputs jsonb,
    built_at timestamptz,
    created_at timestamptz not null default now()
  )`,
  'create unique index model_name_key on sluice.model (schema_name, name)',

  `create table sluice.model_run (
    model_run_id bigint generated always as identity constraint model_run_pkey primary key,
    model_id bigint not null constraint model_run_model_id_fkey references sluice.model,
    status text not null,
    trigger text not null,
    whole boolean not null,
    rows_inserted bigint not null default 0,
    rows_updated bigint not null default 0,
    rows_deleted bigint not null default 0,
    started_at timestamptz not null,
    finished_at timestamptz not null,
    error_code text,
    error_message text,
    error_facts jsonb
  )`,
  'create index model_run_model on sluice.model_run (model_id, model_run_id)',

  `create table sluice.model_input (
    model_id bigint not null constraint model_input_model_id_fkey references sluice.model,
    run_id bigint not null,
    loads text not null,
    constraint model_input_pkey primary key (model_id, run_id)
  )`,

  `create view sluice.models as
    select
      m.name,
      m.schema_name || '.' || m.name as relation,
      m.materialized,
      m.file,
      r.status,
      r.trigger,
      r.whole,
      r.rows_inserted,
      r.rows_updated,
      r.rows_deleted,
      r.started_at,
      r.finished_at,
      round(extract(epoch from r.finished_at - r.started_at), 3) as seconds,
      m.built_at,
      r.error_code,
      r.error_message
    from sluice.model m
    left join lateral (
      select * from sluice.model_run x where x.model_id = m.model_id order by x.model_run_id desc limit 1
    ) r on true`,
];
