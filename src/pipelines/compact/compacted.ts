/** What became of segments that were to be folded. */
export interface Compacted {
  readonly dataset: string;
  /** `schema.table`, without quotes. */
  readonly versionTable: string;
  readonly segments: number;
  readonly rows: number;
  /** Of the disk, before. */
  readonly bytes: number;
  readonly status: 'planned' | 'compacted' | 'failed';
  /** The table that holds the rows now. */
  readonly mergedInto: string | null;
  readonly seconds: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}
