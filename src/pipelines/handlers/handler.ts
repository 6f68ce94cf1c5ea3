import type { Pool } from 'pg';
import type { Settings } from '../../config/settings.ts';
import type { ByteSource } from '../../formats/byte-source.ts';
import type { SourceHandle } from '../../formats/file-handle.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import type { IdentifiedEntry } from '../identify/identified.ts';

/** Knows one kind of drop. A new kind of feed is one more file that exports one of these. */
export interface Handler {
  readonly name: string;
  /** Looks at the name only. */
  accepts(file: SourceFile): boolean;
  /** Finds the load jobs in the file, in the order they stand there. Null: it is not this handler's after all. */
  identify(
    handle: SourceHandle,
    file: SourceFile,
    context: HandlerContext,
  ): Promise<IdentifiedEntry[] | null>;
  /** Opens one load job for one reading from start to end. */
  open(handle: SourceHandle, entry: IdentifiedEntry): OpenedEntry;
}

export interface HandlerContext {
  readonly pool: Pool;
  readonly settings: Settings;
}

/** The records of one load job, ready to be split. */
export interface OpenedEntry {
  /** Bytes as Postgres takes them: inflated, and UTF-16 turned into UTF-8. */
  readonly source: ByteSource;
  /** Bytes that `source` will give, when that is known. */
  readonly sizeHint: number | null;
  /** Bytes of the source file read so far. */
  position(): number;
  /** After the last read: SHA-256 (hex) of the source file, and of the inflated content. */
  hashes(): { readonly file: string; readonly content: string };
}
