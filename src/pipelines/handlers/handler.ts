import type { Pool } from 'pg';
import type { Settings } from '../../config/settings.ts';
import type { Contents } from '../../formats/contents.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import type { IdentifiedEntry, IdentifiedFile } from '../identify/identified.ts';

/** Knows one kind of drop. A new kind of feed is one more file that exports one of these. */
export interface Handler {
  readonly name: string;
  /** What it takes holds several load jobs. */
  readonly isArchive: boolean;
  /** Looks at the name only. */
  accepts(file: SourceFile): boolean;
  /** Finds the load jobs in the file. Null: it is not this handler's after all. */
  identify(contents: Contents, file: SourceFile, context: HandlerContext): Promise<IdentifiedFile | null>;
  /** What the name alone says of a file that is one load job; absent where only the content can tell. */
  named?(file: SourceFile, settings: Settings): NamedEntry;
}

/** A load job before its content has been looked at. */
export type NamedEntry = Omit<
  IdentifiedEntry,
  'detected' | 'described' | 'size' | 'inferred' | 'sampleIsWhole' | 'preview' | 'open'
>;

export interface HandlerContext {
  readonly pool: Pool;
  readonly settings: Settings;
}
