import type { FileOrigin } from '../entities/source-file.ts';
import type { FileIdentity } from '../formats/file-handle.ts';

/** A file that has arrived, as the ledger knows it. */
export interface SourceFile {
  readonly fileId: number;
  /** Absolute path, raw bytes. */
  readonly path: Buffer;
  /** Base name, safe to display. */
  readonly name: string;
  /** Path relative to the imports folder (absolute when the file lies elsewhere), safe to display. */
  readonly displayPath: string;
  /** Folder under the imports folder, or null. */
  readonly label: string | null;
  /** State of the file when it settled. */
  readonly identity: FileIdentity;
  /**
   * `imports`: came through the imports folder; `command`: named on a command line, and left where it is; `pull`: no file,
   * but a table of a source.
   */
  readonly origin: FileOrigin;
  /** Attempts made so far. */
  readonly attempts: number;
  /** Why the file is known to be incomplete, or null. */
  readonly waitingFor: string | null;
  /** Set for a kept file that is loaded again: the run whose place it takes. */
  readonly replaysRunId: number | null;
  /** What was decided about it while it was held; null leaves it to the dataset's policy. */
  readonly redelivery: 'supersede' | 'append' | null;
  /** It was released although checks hold it: those only warn. */
  readonly checksWaived: boolean;
  /** Files of one feed are published in the order of the dates in their names; null for a file that is in no such order. */
  readonly feed: string | null;
}

/** What is registered when a file settles. */
export type Arrival = Omit<
  SourceFile,
  'fileId' | 'attempts' | 'replaysRunId' | 'redelivery' | 'checksWaived' | 'feed'
>;

/** The line that a file of `sluice.source_file f` stands in: of its feed, in its folder. Null for one that stands in none. */
export const FEED_OF_FILE = `case when f.feed is not null then coalesce(f.label, '') || '//' || f.feed end`;

/** Columns of `sluice.source_file f` that make a SourceFile; read them with `toSourceFile`. */
export const SOURCE_FILE_COLUMNS = `f.file_id, f.path_bytes, f.path, f.name, f.label, f.size_bytes,
  f.mtime_ns::text, f.inode::text, f.device::text, f.origin, f.attempts, f.waiting_for,
  f.replays_run_id, f.redelivery, f.checks_waived, ${FEED_OF_FILE} as feed`;

export interface SourceFileColumns {
  readonly file_id: number;
  readonly path_bytes: Buffer;
  readonly path: string;
  readonly name: string;
  readonly label: string | null;
  readonly size_bytes: number;
  readonly mtime_ns: string;
  readonly inode: string;
  readonly device: string;
  readonly origin: FileOrigin;
  readonly attempts: number;
  readonly waiting_for: string | null;
  readonly replays_run_id: number | null;
  readonly redelivery: 'supersede' | 'append' | null;
  readonly checks_waived: boolean;
  readonly feed: string | null;
}

export function toSourceFile(row: SourceFileColumns): SourceFile {
  return {
    fileId: row.file_id,
    path: row.path_bytes,
    name: row.name,
    displayPath: row.path,
    label: row.label,
    identity: {
      size: row.size_bytes,
      mtimeNs: BigInt(row.mtime_ns),
      inode: BigInt(row.inode),
      device: BigInt(row.device),
    },
    origin: row.origin,
    attempts: row.attempts,
    waitingFor: row.waiting_for,
    replaysRunId: row.replays_run_id,
    redelivery: row.redelivery,
    checksWaived: row.checks_waived,
    feed: row.feed,
  };
}
