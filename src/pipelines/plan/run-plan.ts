import type { Contract } from '../../config/define.ts';
import type { Dialect } from '../../formats/delimited/dialect.ts';
import type { DescribedColumn } from '../../formats/dump/described-column.ts';
import type { ValueTransform } from '../../formats/dump/value-transform.ts';
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
  readonly contract: Contract;
  /** The contract makes no new table for this job: its records are counted as skipped. */
  readonly isSkipped: boolean;
  readonly dialect: Dialect;
  /** What the feed itself says of its columns; null when it says nothing. */
  readonly described: readonly DescribedColumn[] | null;
  /** What becomes of a record with too few fields. */
  readonly ragged: 'reject' | 'pad';
  readonly parent: TableName;
  readonly version: TableName;
  readonly versionNumber: number;
  /** The folder whose files alone the version table holds; null when it holds files of any folder. */
  readonly versionFolder: string | null;
  /** Ledger ids; null for what the publish transaction makes. */
  readonly datasetId: number | null;
  readonly versionId: number | null;
  /** The version table is made by this plan. */
  readonly isNewVersion: boolean;
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
  /** Columns of the files of the version, as the ledger keeps them. */
  readonly layout: readonly TableColumn[];
  readonly changes: readonly LayoutChange[];
  /** Run in the publish transaction, in this order. */
  readonly ddl: readonly string[];
  /** There is DDL to run, or the ledger's picture of the dataset changes. */
  readonly changesDataset: boolean;
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
  /** What is done to its values first, for columns of a dump. */
  readonly transform?: ValueTransform;
  /** The column of another type that this one stands beside. */
  readonly variantOf?: string;
  /** What a dump says of it, where the column of the table is of a wider type. */
  readonly describedAs?: string;
}

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly original: string | null;
  readonly declared: boolean;
  /** The column of another type that this one stands beside: `age` of `age__text`. */
  readonly variantOf?: string;
  /** Of a version's layout: what its dumps say, where the column is of a wider type because of other versions. */
  readonly describedAs?: string;
}

export type LayoutChange =
  | { readonly kind: 'newDataset' }
  | { readonly kind: 'newVersion'; readonly version: number }
  | {
      readonly kind: 'newColumn';
      readonly column: string;
      readonly type: string;
      readonly on: 'parent' | 'version';
      /** The column of another type that it stands beside. */
      readonly beside?: string;
    }
  | { readonly kind: 'discardColumn'; readonly column: string; readonly why: string }
  /** The file lacks it: it is NULL. */
  | { readonly kind: 'missingColumn'; readonly column: string }
  /** The contract makes no new table: all records are skipped. */
  | { readonly kind: 'skipRecords' }
  | {
      readonly kind: 'widenType';
      readonly column: string;
      readonly from: string;
      readonly to: string;
      /** The table that owns the column: the parent, or one version table. */
      readonly table: TableName;
      /** Postgres writes the table, and all that inherit from it, anew. */
      readonly rewrites: boolean;
    };

/** Columns of the file that the contract leaves out. */
export function discardedColumns(plan: LoadPlan): string[] {
  return plan.columns.flatMap(({ discarded, name }) => (discarded ? [name] : []));
}
