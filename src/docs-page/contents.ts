import type { VersionsRow } from '../ledger/read-versions.ts';

/** A column as the catalogue has it. */
export interface DocumentedColumn {
  readonly relation: string;
  readonly name: string;
  readonly type: string;
  readonly comment: string | null;
}

/** A table or view as it is now. */
export interface Relation {
  readonly comment: string | null;
  readonly columns: readonly DocumentedColumn[];
}

export interface DocumentedDataset {
  readonly name: string;
  readonly parentTable: string;
  readonly relation: Relation;
  readonly versions: readonly VersionsRow[];
}

/** A model as it is defined now. `reads` are names such as `staging.orders` and `warehouse.sales`. */
export interface DefinedModel {
  readonly name: string;
  readonly relation: string;
  readonly materialized: string;
  readonly file: string;
  readonly description: string | null;
  readonly builtIn: boolean;
  readonly reads: readonly string[];
  /** Cron pattern, or `manual`; null for one that follows every publish. */
  readonly schedule: string | null;
}

/** How a model was made last. */
export interface ModelRun {
  readonly name: string;
  readonly relation: string;
  readonly materialized: string;
  readonly file: string;
  readonly status: string | null;
  readonly trigger: string | null;
  readonly rows_inserted: number | null;
  readonly rows_updated: number | null;
  readonly rows_deleted: number | null;
  readonly finished_at: Date | null;
  readonly seconds: string | null;
  readonly built_at: Date | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
}

export interface DocumentedModel {
  readonly name: string;
  readonly relationName: string;
  readonly relation: Relation;
  /** Null when it is defined no more. */
  readonly defined: DefinedModel | null;
  /** Null when it was never made. */
  readonly run: ModelRun | null;
  /** Datasets that have changed since it was made. */
  readonly changed: readonly string[];
}

export interface LoadRow {
  readonly run_id: number;
  readonly file_name: string;
  readonly entry_name: string | null;
  readonly version_table: string | null;
  readonly status: string;
  readonly rows_loaded: number | null;
  readonly rows_rejected: number | null;
  readonly started_at: Date | null;
  readonly seconds: string | null;
  readonly error_code: string | null;
}

export interface CheckRow {
  readonly subject_kind: string;
  readonly subject: string;
  readonly name: string;
  readonly severity: string;
  readonly status: string;
  readonly rows_checked: number | null;
  readonly rows_failing: number | null;
  readonly message: string | null;
  readonly checked_at: Date;
}

/** The last file of an export, and how many there were. */
export interface ExportRow {
  readonly name: string;
  readonly source: string;
  /** Relations, `schema.name`; of a query of which that is not known, `query`. */
  readonly reads: readonly string[];
  readonly status: string;
  readonly file: string | null;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly taken_at: Date | null;
  readonly files: number;
  readonly error_code: string | null;
}

/** All that the page tells, of one moment. */
export interface Contents {
  readonly at: Date;
  readonly datasets: readonly DocumentedDataset[];
  readonly models: readonly DocumentedModel[];
  readonly loads: readonly LoadRow[];
  readonly checks: readonly CheckRow[];
  readonly exports: readonly ExportRow[];
}
