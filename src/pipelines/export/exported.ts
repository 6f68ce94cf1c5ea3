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
  /** Of an export that writes only what is new. */
  readonly increment?: Increment;
}

/** What a file stands for among those before it: delete the rows of `removed` runs, or all of them, then add the file's. */
export interface Increment {
  /** 1, 2, 3 …; a number that comes again is the same rows again. */
  readonly sequence: number;
  /** The file has everything: what was written before it is to be forgotten. */
  readonly full: boolean;
  /** Runs whose rows are in the file, all of them. */
  readonly runs: readonly number[];
  /** Runs of earlier files whose rows are no more, or come again in this one because something was added to them. */
  readonly removed: readonly number[];
  /** A file with this number that was complete and has gone; null otherwise. */
  readonly repeats: string | null;
}
