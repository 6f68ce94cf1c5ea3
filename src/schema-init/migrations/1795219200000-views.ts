/** Frozen: a change of a view is a new migration. Columns may be added at the end, never changed or taken away. */
export const VIEWS = [
  `create view sluice.files as
    select file_id, name, path, size_bytes, sha256, status, detected_at, finished_at, run_id
    from sluice.source_file`,

  // The left join keeps runs that ended before they had a load job; they show the run's own status and error. A
  // correction's load job belongs to the run it corrects.
  `create view sluice.loads as
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
      end as error_message
    from sluice.run r
    left join sluice.load_job l on l.run_id = r.run_id
    join sluice.source_file f on f.file_id = coalesce(l.file_id, r.file_id)
    left join sluice.dataset d on d.dataset_id = l.dataset_id
    left join sluice.version v on v.version_id = l.version_id
    where l.load_id is not null or r.kind <> 'correction'`,

  // Open rejects only: those that a correction has loaded are answered.
  `create view sluice.rejects as
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
    where x.resolved_by is null`,

  `create view sluice.versions as
    select
      d.name as dataset,
      v.version,
      v.label,
      d.parent_schema || '.' || d.parent_table as parent_table,
      d.parent_schema || '.' || v.table_name as version_table,
      v.columns,
      v.fingerprint,
      v.first_run_id
    from sluice.version v
    join sluice.dataset d using (dataset_id)`,
];
