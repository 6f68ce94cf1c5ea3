import type { Block } from '../../formats/delimited/block-reader.ts';
import type { TableName } from '../plan/run-plan.ts';

/** What loading one job gave: its rows are in Postgres or in memory, and nobody can see them yet. */
export interface LoadedJob {
  readonly recordsRead: number;
  readonly rowsLoaded: number;
  readonly rowsRejected: number;
  readonly rowsSkipped: number;
  /** SHA-256 (hex) of the source file's bytes. */
  readonly fileSha256: string;
  /** SHA-256 (hex) of the content after inflating. */
  readonly contentSha256: string;
  /** Bytes of the source file. */
  readonly bytes: number;
  /** Large loads: committed tables that publish attaches. */
  readonly segments: readonly TableName[];
  /** Small loads: what publish copies inside its own transaction. */
  readonly blocks: readonly Block[];
}
