/** Frozen: a change of the tables is a new migration. */
export const TABLES = [
  `create table sluice.source_file (
    file_id bigint generated always as identity constraint source_file_pkey primary key,
    path_bytes bytea not null,
    path text not null,
    name text not null,
    label text,
    size_bytes bigint not null,
    mtime_ns numeric(20, 0) not null,
    inode numeric(20, 0) not null,
    device numeric(20, 0) not null,
    sha256 text,
    business_date date,
    status text not null,
    waiting_for text,
    origin text not null,
    detected_at timestamptz not null default now(),
    settled_at timestamptz,
    finished_at timestamptz,
    attempts int not null default 0,
    next_attempt_at timestamptz,
    run_id bigint,
    final_path text,
    outcome_done_at timestamptz
  )`,
  'create unique index source_file_waiting_once on sluice.source_file (path_bytes) where finished_at is null',
  'create index source_file_claim on sluice.source_file (status, next_attempt_at, mtime_ns)',
  'create index source_file_sha256 on sluice.source_file (sha256)',
  'create index source_file_size on sluice.source_file (size_bytes)',

  `create table sluice.run (
    run_id bigint generated always as identity constraint run_pkey primary key,
    file_id bigint not null constraint run_file_id_fkey references sluice.source_file,
    attempt int not null,
    status text not null,
    kind text not null default 'load',
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    error_code text,
    error_message text,
    error_facts jsonb,
    host text,
    pid int,
    bytes bigint
  )`,
  'create index run_file on sluice.run (file_id)',
  'create index run_status on sluice.run (status)',
  `alter table sluice.source_file
    add constraint source_file_run_id_fkey foreign key (run_id) references sluice.run`,

  `create table sluice.dataset (
    dataset_id bigint generated always as identity constraint dataset_pkey primary key,
    name text not null,
    parent_schema text not null,
    parent_table text not null,
    columns jsonb not null,
    revision int not null default 1,
    created_at timestamptz not null default now(),
    first_run_id bigint constraint dataset_first_run_id_fkey references sluice.run
  )`,
  'create unique index dataset_name_key on sluice.dataset (name)',
  'create unique index dataset_parent_key on sluice.dataset (parent_schema, parent_table)',

  `create table sluice.version (
    version_id bigint generated always as identity constraint version_pkey primary key,
    dataset_id bigint not null constraint version_dataset_id_fkey references sluice.dataset,
    version int not null,
    label text,
    table_name text not null,
    columns jsonb not null,
    fingerprint text not null,
    first_run_id bigint constraint version_first_run_id_fkey references sluice.run,
    created_at timestamptz not null default now()
  )`,
  'create unique index version_number_key on sluice.version (dataset_id, version)',

  `create table sluice.load_job (
    load_id bigint generated always as identity constraint load_job_pkey primary key,
    run_id bigint not null constraint load_job_run_id_fkey references sluice.run,
    entry_name text,
    dataset_id bigint constraint load_job_dataset_id_fkey references sluice.dataset,
    version_id bigint constraint load_job_version_id_fkey references sluice.version,
    content_sha256 text,
    status text not null,
    records_read bigint not null default 0,
    rows_loaded bigint not null default 0,
    rows_rejected bigint not null default 0,
    rows_skipped bigint not null default 0,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    error_code text,
    error_message text,
    dialect jsonb,
    segments text[] not null default '{}',
    again boolean not null default false,
    constraint load_job_balanced
      check (status <> 'published' or records_read = rows_loaded + rows_rejected + rows_skipped)
  )`,
  'create index load_job_run on sluice.load_job (run_id)',
  `create unique index load_job_published_once on sluice.load_job (dataset_id, content_sha256, coalesce(entry_name, ''))
    where status = 'published' and not again`,

  `create table sluice.reject (
    reject_id bigint generated always as identity constraint reject_pkey primary key,
    run_id bigint not null constraint reject_run_id_fkey references sluice.run,
    load_id bigint not null constraint reject_load_id_fkey references sluice.load_job,
    record_number bigint not null,
    line_number bigint,
    column_name text,
    code text not null,
    message text not null,
    sqlstate text,
    raw bytea
  )`,
  'create index reject_run on sluice.reject (run_id)',
  'create index reject_load on sluice.reject (load_id)',
];
