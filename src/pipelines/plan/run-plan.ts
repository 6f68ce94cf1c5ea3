import type { Dialect } from '../../formats/delimited/dialect.ts';
import type { Correction } from '../../ledger/corrections.ts';

/** What is about to happen to one file; plain JSON. `sluice plan FILE` prints it. */
export interface RunPlan {
  readonly file: string;
  readonly handler: string;
  readonly jobs: readonly LoadPlan[];
}

/** One load job: which columns go where, and the DDL that has to come first. */
export interface LoadPlan {
  /** Place of the job in its run, from 1. */
  readonly jobNumber: number;
  readonly entryName: string | null;
  /** Displayed in messages about this job. */
  readonly title: string;
  readonly dataset: string;
  /** The dataset's name was derived from the file's. */
  readonly derived: boolean;
  readonly businessDate: string | null;
  readonly folder: string | null;
  readonly label: string | null;
  readonly dialect: Dialect;
  /** What becomes of a record with too few fields. */
  readonly ragged: 'reject' | 'pad';
  readonly parent: TableName;
  readonly version: TableName;
  readonly versionNumber: number;
  /** Ledger ids; null for what the publish transaction makes. */
  readonly datasetId: number | null;
  readonly versionId: number | null;
  /** The dataset's revision this plan was made from; 0 for a new dataset. */
  readonly revision: number;
  /** An earlier load job of the same run changes the dataset first, in the same transaction. */
  readonly pending: boolean;
  /** Types were inferred from every record, not from a sample. */
  readonly sawEverything: boolean;
  /** One per field of a record, in file order. */
  readonly columns: readonly PlannedColumn[];
  /** Columns of the version table, as the table has or will have them, ours left out. */
  readonly tableColumns: readonly TableColumn[];
  /** Columns of the parent after this plan. */
  readonly parentColumns: readonly TableColumn[];
  readonly changes: readonly LayoutChange[];
  /** Run in the publish transaction, in this order. */
  readonly ddl: readonly string[];
  readonly fingerprint: string;
  /** Set for a corrected reject file: the rejects that its records answer. */
  readonly correction: Correction | null;
}

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

export interface PlannedColumn {
  /** Name as it stands in the file; null without a header. */
  readonly original: string | null;
  /** Identifier in the tables. */
  readonly name: string;
  /** Postgres type. */
  readonly type: string;
  /** `inferred` types give way to values that contradict them; `declared` ones do not. */
  readonly origin: 'inferred' | 'declared';
  /** One sentence for people. */
  readonly why: string;
  /** The contract leaves this column out. */
  readonly discarded: boolean;
}

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly original: string | null;
  readonly declared: boolean;
}

export type LayoutChange =
  | { readonly kind: 'newDataset' }
  | { readonly kind: 'newVersion'; readonly version: number }
  | {
      readonly kind: 'newColumn';
      readonly column: string;
      readonly type: string;
      readonly on: 'parent' | 'version';
    }
  | { readonly kind: 'discardColumn'; readonly column: string }
  | {
      readonly kind: 'widenType';
      readonly column: string;
      readonly from: string;
      readonly to: string;
      /** The table that owns the column: the parent, or one version table. */
      readonly table: TableName;
    };
