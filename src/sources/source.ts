import type { ByteSource } from '../formats/byte-source.ts';
import type { Dialect } from '../formats/delimited/dialect.ts';

/** A database that tables are read from, in one snapshot of it for as long as it is open. */
export interface Source {
  /** Whose type map describes its columns. */
  readonly database: 'postgres' | 'mysql';
  /** The schema that its tables are looked for in. */
  readonly schema: string;
  /** The connection is gone, and the snapshot with it. */
  readonly isLost: boolean;
  /** What is there, in the order of names. */
  relations(): Promise<Relation[]>;
  /** Columns with their types, as its own catalogue has them. */
  describe(what: Selection): Promise<SourceColumn[]>;
  /** Rows as delimited text; one reading at a time. */
  read(what: Selection, columns: readonly WantedColumn[], limit?: number): Promise<TableReading>;
  /** Ends it at once, whatever it is doing. */
  close(): Promise<void>;
}

export interface Relation {
  readonly name: string;
  /** A glob finds tables; views, partitions and the like have to be named. */
  readonly isTable: boolean;
}

/** A relation of the schema, or a query. */
export type Selection =
  | { readonly relation: string; readonly query?: undefined }
  | { readonly query: string; readonly relation?: undefined };

export interface SourceColumn {
  readonly name: string;
  /** As the type map of the database knows it. */
  readonly type: string;
}

/** How the values of a column are written. */
export interface WantedColumn extends SourceColumn {
  /** `postgres`: as Postgres reads the mapped type; `source`: as the database itself writes them; `none`: always NULL. */
  readonly written: 'postgres' | 'source' | 'none';
}

/** One table on its way. Closing it before its end ends the reading alone: the snapshot stays. */
export interface TableReading extends ByteSource {
  /** The source is at work on it. */
  readonly isOpen: boolean;
  /** After the end: how many rows the source says it gave. */
  readonly rows: number | null;
}

/**
 * What tables are written in: as COPY writes and reads it. A table of one column has another NULL, or a NULL would be an
 * empty line.
 */
export function pullDialect(columnCount: number): Dialect {
  return {
    ...{ encoding: 'utf-8', bomBytes: 0, delimiter: ',', quote: '"', escape: '"', newline: '\n' },
    ...{ header: true, preambleLines: 0, nullMarker: columnCount === 1 ? '\\N' : '' },
  };
}
