import type { SluiceError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';

/** One file inside an archive. */
export interface ArchiveEntry {
  /** Path inside the archive, with `/` between folders. A label: it never becomes a path of ours. */
  readonly name: string;
  /** Bytes of its content. */
  readonly size: number;
  /** Why it cannot be read; `open` throws it. */
  readonly problem: SluiceError | null;
}

/** One that is passed over by rule; it is reported, never opened. */
export interface SkippedEntry {
  readonly name: string;
  readonly reason: string;
}

/** The content of one entry. Its end is given only when its length and checksum are what the archive says. */
export interface EntrySource extends ByteSource {
  /** Bytes of the archive that were read for it so far. */
  position(): number;
}

/** An archive whose list of entries has been read and checked. What is inside is read as it is asked for, never kept. */
export interface Archive {
  /** In the order of the archive. */
  readonly entries: readonly ArchiveEntry[];
  readonly skipped: readonly SkippedEntry[];
  /** Entries can be opened in any order and several at a time; else only one after another, in theirs. */
  readonly anyOrder: boolean;
  open(entry: ArchiveEntry): EntrySource;
}

/** What an archive may cost; more is refused before it is paid. */
export interface ArchiveLimits {
  readonly entries: number;
  /** Of all contents together. */
  readonly bytes: number;
  /** Content bytes for each compressed byte. */
  readonly ratio: number;
}

/** Below this nothing is said against a compression ratio: small files of one repeated line compress a thousandfold. */
export const RATIO_FREE_BYTES = 16 * 1024 * 1024;
