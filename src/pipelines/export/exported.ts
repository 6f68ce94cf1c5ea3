/** A column of an export. */
export interface ExportedColumn {
  readonly name: string;
  /** As Postgres writes it: `numeric(12,2)`. */
  readonly type: string;
}

/** What was written; `<file>.manifest.json` says the same. */
export interface Exported {
  readonly name: string;
  readonly file: string;
  readonly format: string;
  readonly compression: string;
  readonly rows: number;
  /** Of the file as it lies there, compressed or not. */
  readonly bytes: number;
  readonly sha256: string;
  readonly columns: readonly ExportedColumn[];
  /** `pg_current_snapshot()` of the transaction that read the rows. */
  readonly snapshot: string;
  /** When that snapshot was taken. */
  readonly takenAt: Date;
  readonly seconds: number;
}
