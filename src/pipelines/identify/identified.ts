import type { DatasetConfig } from '../../config/define.ts';
import type { SluiceError } from '../../errors.ts';
import type { ByteSource } from '../../formats/byte-source.ts';
import type { Compression } from '../../formats/compression.ts';
import type { DetectedDialect } from '../../formats/delimited/detect-dialect.ts';
import type { Field } from '../../formats/delimited/dialect.ts';
import type { DescribedColumn } from '../../formats/dump/described-column.ts';
import type { ExpectedRecords } from '../../formats/sidecar/check-sidecars.ts';
import type { Correction } from '../../ledger/corrections.ts';
import type { Inference } from '../inference/infer-types.ts';

/** What `identify` found in a source file. */
export interface IdentifiedFile {
  /** The load jobs, in the order they stand there. */
  readonly entries: readonly IdentifiedEntry[];
  /** Entries of an archive that cannot be loaded. They fail the archive, or only themselves: see `archive` in DatasetConfig. */
  readonly failed: readonly FailedEntry[];
  /** Entries that are passed over by rule. */
  readonly skipped: readonly SkippedEntry[];
  /** Where the parts of a dump do not agree: each was settled by rule, and somebody may want to know. */
  readonly notes: readonly SkippedEntry[];
  /** Entries can be read in any order and several at a time; else one after another. */
  readonly anyOrder: boolean;
  /** SHA-256 (hex) of an archive's own bytes. Null for a plain file, which is hashed while it is loaded. */
  readonly archiveSha256: string | null;
}

/** What `identify` found out about one load job: a plain file, or one entry of an archive. */
export interface IdentifiedEntry {
  /** Null for a plain file. */
  readonly entryName: string | null;
  /** Displayed in messages about this entry. */
  readonly title: string;
  /** What has to be undone before its bytes can be read. */
  readonly compression: Compression | 'openpgp';
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
  /** What the feed itself says of its columns; null when it says nothing. */
  readonly described: readonly DescribedColumn[] | null;
  /** Bytes of its content, when that is known. */
  readonly size: number | null;
  /** What the sample says of each column; the sample itself is not kept, for an archive has many entries. */
  readonly inferred: readonly Inference[];
  /** The sample is every record there is. */
  readonly sampleIsWhole: boolean;
  /** The first records. */
  readonly preview: readonly Field[][];
  /** Set for a corrected reject file: the rejects that its records answer. */
  readonly correction: Correction | null;
  /** Opens it for one reading from start to end. */
  open(): OpenedEntry;
}

export interface FailedEntry {
  readonly entryName: string;
  readonly title: string;
  /** Of the dataset it would feed; null when that is not known or not configured. */
  readonly config: DatasetConfig | null;
  readonly error: SluiceError;
}

export interface SkippedEntry {
  readonly name: string;
  readonly reason: string;
}

/** The records of one load job, ready to be split. */
export interface OpenedEntry {
  /** Bytes as Postgres takes them: inflated, and UTF-16 turned into UTF-8. */
  readonly source: ByteSource;
  /** Bytes that `source` will give, when that is known. */
  readonly sizeHint: number | null;
  /** Told at the end of reading by the file itself, when its dataset says that it does. */
  readonly trailer?: { readonly count: number | null } | null;
  /** Known at the end of reading: what stood behind the last record, and its lines that would have been records. */
  readonly footer?: { readonly lines: number; readonly text: string | null };
  /** Told beside the file. */
  readonly expected?: ExpectedRecords | null;
  /** Bytes of the source file read so far. */
  position(): number;
  /** After the last read: SHA-256 (hex) of the source file, and of the inflated content. */
  hashes(): { readonly file: string; readonly content: string };
}

/** A file that is one load job. */
export function oneEntry(entry: IdentifiedEntry): IdentifiedFile {
  return { entries: [entry], failed: [], skipped: [], notes: [], anyOrder: true, archiveSha256: null };
}
