import type { DatasetConfig } from '../../config/define.ts';
import type { DetectedDialect } from '../../formats/delimited/detect-dialect.ts';
import type { Field } from '../../formats/delimited/dialect.ts';

import type { Correction } from '../../ledger/corrections.ts';

/** What `identify` found out about one load job: a plain file, or one entry of an archive. */
export interface IdentifiedEntry {
  /** Null for a plain file. */
  readonly entryName: string | null;
  /** Displayed in messages about this entry. */
  readonly title: string;
  readonly compression: 'none' | 'gzip';
  readonly dataset: string;
  /** What the configuration says about the dataset; null when its name was derived from the file's. */
  readonly config: DatasetConfig | null;
  /** YYYY-MM-DD, from the file name. */
  readonly businessDate: string | null;
  /** Folder below the imports folder that the file came in: an instance, a region; null at the top. */
  readonly folder: string | null;
  /** The version that the feed itself names, such as `v2`, lower-cased; null when it names none. */
  readonly label: string | null;
  /** Decides what the dataset's contract is where its configuration does not say. */
  readonly kind: 'delimited' | 'dump';
  readonly detected: DetectedDialect;
  /** Records drawn from across the file, in file order, without the header. */
  readonly sample: readonly Field[][];
  /** The sample is every record there is. */
  readonly sampleIsWhole: boolean;
  /** Set for a corrected reject file: the rejects that its records answer. */
  readonly correction: Correction | null;
}
