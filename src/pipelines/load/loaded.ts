import type { Block } from '../../formats/delimited/block-reader.ts';
import type { TableName } from '../plan/run-plan.ts';
import type { RejectRecorder } from './reject-recorder.ts';

/** What loading one job gave: its rows are in Postgres or in memory, and nobody can see them yet. */
export interface LoadedJob {
  readonly recordsRead: number;
  /** Rows in the segments; those of a small load are counted when they are copied. */
  readonly rowsLoaded: number;
  readonly rowsSkipped: number;
  /** What stood behind the last record and is no data. */
  readonly footer: string | null;
  /** SHA-256 (hex) of the source file's bytes. */
  readonly fileSha256: string;
  /** SHA-256 (hex) of the content after inflating. */
  readonly contentSha256: string;
  /** Bytes of the source file. */
  readonly bytes: number;
  /** Large loads: committed tables that publish attaches. */
  readonly segments: readonly TableName[];
  /** What stood before the first record, byte for byte. */
  readonly head: Buffer;
  /** Collects what is rejected; for a small load that happens during publish. */
  readonly rejects: RejectRecorder;
  /** Small loads: what publish copies inside its own transaction. */
  readonly blocks: readonly Block[];
  /** Large loads: publish is going to move the rows into the version table, which may take long. */
  readonly willMove: boolean;
}

/** A record as it stands in its file. */
export interface FoundRecord {
  /** Physical line at which it starts, from 1. */
  readonly line: number;
  /** With its line end. */
  readonly raw: Buffer;
}

/** Reads the records of these numbers once more. */
export type FindRecords = (records: ReadonlySet<number>) => Promise<Map<number, FoundRecord>>;
