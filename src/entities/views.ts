import { ViewColumn, ViewEntity } from 'typeorm';
import { BOOKKEEPING_SCHEMA } from './bookkeeping-schema.ts';
import type { LayoutColumn } from './layout-column.ts';
import type { FileStatus, RunStatus } from './status.ts';

// The migrations hold the text of the views; `synchronize: false` keeps TypeORM from wanting a copy of it.
const view = (name: string) => ViewEntity({ schema: BOOKKEEPING_SCHEMA, name, synchronize: false });

/** `sluice.files`: one row per source file. */
@view('files')
export class FilesView {
  @ViewColumn()
  file_id!: number;
  @ViewColumn()
  name!: string;
  @ViewColumn()
  path!: string;
  @ViewColumn()
  size_bytes!: number;
  @ViewColumn()
  sha256!: string | null;
  @ViewColumn()
  status!: FileStatus;
  @ViewColumn()
  detected_at!: Date;
  @ViewColumn()
  finished_at!: Date | null;
  @ViewColumn()
  run_id!: number | null;
  @ViewColumn()
  folder!: string | null;
}

/** `sluice.loads`: one row per load job; a run that ended before it had one gives one row with the run's error. */
@view('loads')
export class LoadsView {
  @ViewColumn()
  run_id!: number;
  @ViewColumn()
  file_name!: string;
  @ViewColumn()
  entry_name!: string | null;
  @ViewColumn()
  dataset!: string | null;
  /** `schema.table`, unquoted. */
  @ViewColumn()
  parent_table!: string | null;
  @ViewColumn()
  version_table!: string | null;
  @ViewColumn()
  status!: RunStatus;
  @ViewColumn()
  records_read!: number;
  @ViewColumn()
  rows_loaded!: number;
  @ViewColumn()
  rows_rejected!: number;
  @ViewColumn()
  rows_skipped!: number;
  @ViewColumn()
  started_at!: Date;
  @ViewColumn()
  finished_at!: Date | null;
  /** In decimal, to the millisecond; null while it runs. */
  @ViewColumn()
  seconds!: string | null;
  @ViewColumn()
  error_code!: string | null;
  @ViewColumn()
  error_message!: string | null;
  /** Columns of the file that the contract left out. */
  @ViewColumn()
  columns_discarded!: string[];
}

/** `sluice.rejects`: one row per rejected record. */
@view('rejects')
export class RejectsView {
  @ViewColumn()
  run_id!: number;
  @ViewColumn()
  file_name!: string;
  @ViewColumn()
  entry_name!: string | null;
  @ViewColumn()
  record_number!: number;
  @ViewColumn()
  line_number!: number | null;
  @ViewColumn()
  column_name!: string | null;
  @ViewColumn()
  code!: string;
  @ViewColumn()
  message!: string;
  @ViewColumn()
  sqlstate!: string | null;
  @ViewColumn()
  raw!: Buffer | null;
}

/** `sluice.versions`: one row per version table. */
@view('versions')
export class VersionsView {
  @ViewColumn()
  dataset!: string;
  @ViewColumn()
  version!: number;
  @ViewColumn()
  label!: string | null;
  @ViewColumn()
  parent_table!: string;
  @ViewColumn()
  version_table!: string;
  @ViewColumn()
  columns!: LayoutColumn[];
  @ViewColumn()
  fingerprint!: string;
  @ViewColumn()
  first_run_id!: number | null;
  @ViewColumn()
  folder!: string | null;
}

/** `sluice.models`: one row per model, with its last run. */
@view('models')
export class ModelsView {
  @ViewColumn()
  name!: string;
  @ViewColumn()
  relation!: string;
  @ViewColumn()
  materialized!: string;
  @ViewColumn()
  file!: string;
  @ViewColumn()
  status!: string | null;
  @ViewColumn()
  trigger!: string | null;
  @ViewColumn()
  whole!: boolean | null;
  @ViewColumn()
  rows_inserted!: number | null;
  @ViewColumn()
  rows_updated!: number | null;
  @ViewColumn()
  rows_deleted!: number | null;
  @ViewColumn()
  started_at!: Date | null;
  @ViewColumn()
  finished_at!: Date | null;
  @ViewColumn()
  seconds!: string | null;
  @ViewColumn()
  built_at!: Date | null;
  @ViewColumn()
  error_code!: string | null;
  @ViewColumn()
  error_message!: string | null;
}

/** `sluice.checks`: one row per evaluation of a check. */
@view('checks')
export class ChecksView {
  @ViewColumn()
  check_id!: number;
  /** `dataset` or `model`. */
  @ViewColumn()
  subject_kind!: string;
  @ViewColumn()
  subject!: string;
  @ViewColumn()
  name!: string;
  @ViewColumn()
  kind!: string;
  @ViewColumn()
  severity!: string;
  @ViewColumn()
  status!: string;
  @ViewColumn()
  rows_checked!: number | null;
  @ViewColumn()
  rows_failing!: number | null;
  @ViewColumn()
  message!: string | null;
  @ViewColumn()
  run_id!: number | null;
  @ViewColumn()
  file_name!: string | null;
  @ViewColumn()
  checked_at!: Date;
  @ViewColumn()
  latest!: boolean;
}

/** `sluice.check_failures`: rows that failed the last evaluation of a check. */
@view('check_failures')
export class CheckFailuresView {
  @ViewColumn()
  subject_kind!: string;
  @ViewColumn()
  subject!: string;
  @ViewColumn()
  name!: string;
  @ViewColumn()
  run_id!: number | null;
  @ViewColumn()
  number!: number;
  @ViewColumn()
  row!: Record<string, unknown>;
  @ViewColumn()
  checked_at!: Date;
}

/** `sluice.exports`: one row per file that was written for an export of the configuration, or that could not be. */
@view('exports')
export class ExportsView {
  @ViewColumn()
  name!: string;
  @ViewColumn()
  export_run_id!: number;
  @ViewColumn()
  status!: string;
  @ViewColumn()
  trigger!: string;
  @ViewColumn()
  source!: string;
  @ViewColumn()
  file!: string;
  @ViewColumn()
  rows!: number | null;
  @ViewColumn()
  bytes!: number | null;
  @ViewColumn()
  sha256!: string | null;
  @ViewColumn()
  snapshot!: string | null;
  @ViewColumn()
  taken_at!: Date | null;
  @ViewColumn()
  started_at!: Date;
  @ViewColumn()
  finished_at!: Date | null;
  @ViewColumn()
  seconds!: string | null;
  @ViewColumn()
  error_code!: string | null;
  @ViewColumn()
  error_message!: string | null;
  @ViewColumn()
  sequence!: number | null;
  @ViewColumn()
  reads!: string[] | null;
}
