/** How a delimited text file is written. */
export interface Dialect {
  /** Encoding of the bytes in the file. */
  readonly encoding: Encoding;
  /** Bytes of byte-order mark at the start of the file: 0, 2 or 3. */
  readonly bomBytes: number;
  /** One or more characters between fields. */
  readonly delimiter: string;
  /** `"`, `'`, or null when fields are never quoted. */
  readonly quote: string | null;
  /** Equal to `quote` when quotes are doubled, `\` for backslash escapes, null when there are neither. */
  readonly escape: string | null;
  /** What ends a record. `\n` also accepts `\r\n` lines. */
  readonly newline: '\n' | '\r\n' | '\r';
  /** The first record after the preamble names the columns. */
  readonly header: boolean;
  /** Physical lines before the header (or the first record) that are not data. */
  readonly preambleLines: number;
  /** An unquoted field with exactly this text is NULL. */
  readonly nullMarker: string;
}

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252' | 'latin1';

export const ENCODINGS: readonly Encoding[] = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'latin1'];

/** What a dataset may say about its dialect; what is missing is detected. */
export interface DialectOverrides extends Partial<Omit<Dialect, 'bomBytes'>> {
  /** The last so many lines that hold something are no data. Left out: footers that database clients write are recognised. */
  readonly footerLines?: number;
}

/** One field of one record, as the file has it. */
export interface Field {
  readonly value: string;
  readonly quoted: boolean;
}
