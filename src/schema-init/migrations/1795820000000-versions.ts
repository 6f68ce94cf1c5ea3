import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Version tables by label and folder, and columns left out by contract. */
export class Versions1795820000000 implements MigrationInterface {
  readonly name = 'Versions1795820000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}

const STATEMENTS = [
  'alter table sluice.version add folder text',
  'create unique index version_table_key on sluice.version (dataset_id, table_name)',
  "alter table sluice.load_job add discarded text[] not null default '{}'",
  'create index load_job_version on sluice.load_job (version_id)',

  `create or replace view sluice.files as
    select file_id, name, path, size_bytes, sha256, status, detected_at, finished_at, run_id, label as folder
    from sluice.source_file`,

  `create or replace view sluice.versions as
    select
      d.name as dataset,
      v.version,
      v.label,
      d.parent_schema || '.' || d.parent_table as parent_table,
      d.parent_schema || '.' || v.table_name as version_table,
      v.columns,
      v.fingerprint,
      v.first_run_id,
      v.folder
    from sluice.version v
    join sluice.dataset d using (dataset_id)`,

  `create or replace view sluice.loads as
    select
      r.run_id,
      f.name as file_name,
      l.entry_name,
      d.name as dataset,
      d.parent_schema || '.' || d.parent_table as parent_table,
      d.parent_schema || '.' || v.table_name as version_table,
      coalesce(l.status, r.status) as status,
      coalesce(l.records_read, 0) as records_read,
      coalesce(l.rows_loaded, 0) as rows_loaded,
      coalesce(l.rows_rejected, 0) as rows_rejected,
      coalesce(l.rows_skipped, 0) as rows_skipped,
      coalesce(l.started_at, r.started_at) as started_at,
      case when l.load_id is null then r.finished_at else l.finished_at end as finished_at,
      case
        when l.load_id is null then round(extract(epoch from r.finished_at - r.started_at), 3)
        else round(extract(epoch from l.finished_at - l.started_at), 3)
      end as seconds,
      case when l.load_id is null or l.status = 'failed' then coalesce(l.error_code, r.error_code) else l.error_code end
        as error_code,
      case
        when l.load_id is null or l.status = 'failed' then coalesce(l.error_message, r.error_message)
        else l.error_message
      end as error_message,
      coalesce(l.discarded, '{}') as columns_discarded
    from sluice.run r
    left join sluice.load_job l on l.run_id = r.run_id
    join sluice.source_file f on f.file_id = coalesce(l.file_id, r.file_id)
    left join sluice.dataset d on d.dataset_id = l.dataset_id
    left join sluice.version v on v.version_id = l.version_id
    where l.load_id is not null or r.kind <> 'correction'`,
];
