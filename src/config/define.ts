import type { DialectOverrides } from '../formats/delimited/dialect.ts';
import type { CheckConfig } from './define-checks.ts';

export type { CheckConfig, CheckSeverity, Weekday } from './define-checks.ts';

/** What `sluice.config.ts` exports by default. */
export interface SluiceConfig {
  readonly datasets?: readonly DatasetConfig[];
  /** What a bad entry of an archive does, where its dataset does not say. Default: `all-or-nothing`. */
  readonly archive?: ArchivePolicy;
  /** Archives that are dumps, where their names do not say of which application and version. */
  readonly dumps?: readonly DumpConfig[];
  /** Globs on the names inside archives, folders included; a pattern without `/` is for the last part. */
  readonly skipEntries?: readonly string[];
  /** Models beside the SQL files in WAREHOUSE_DIR. */
  readonly models?: readonly ModelConfig[];
  /** What the CSV files of base data do not say themselves. */
  readonly base?: readonly BaseConfig[];
  /** Files that are written from models, tables, views and queries. */
  readonly exports?: readonly ExportConfig[];
  /** Databases that `sluice pull` takes tables from. */
  readonly sources?: readonly SourceConfig[];
  /** What is deleted and folded when it is old; the variables of the same meaning win. */
  readonly upkeep?: UpkeepConfig;
  /** `false` leaves out the built-in example, the warehouse of job titles. Default: `true`. */
  readonly examples?: boolean;
}

/** Rules such as `30d`, `20GB` or `90d 20GB`; see the variables `KEEP_…`, `COMPACT_…` and `UPKEEP_SCHEDULE`. */
export interface UpkeepConfig {
  readonly processed?: string;
  readonly failed?: string;
  readonly receipts?: string;
  readonly rejects?: string;
  readonly logs?: string;
  /** An age only. */
  readonly ledger?: string;
  readonly compactDays?: number;
  readonly compactKeep?: number;
  /** Cron pattern. Default: every day at 03:30. */
  readonly schedule?: string;
}

/** How the result of a model is kept. */
export type Materialization = 'view' | 'table' | 'incremental' | 'merge' | 'scd2' | 'dimension';

/** One SELECT whose result becomes a table or view of the warehouse. The header of a SQL file has the same options. */
export interface ModelConfig {
  /** Name of the table or view in DW_SCHEMA. */
  readonly name: string;
  /** Default: `view`. */
  readonly materialized?: Materialization;
  /** Can be left out by a dimension. One SELECT; `{{ staging.DATASET }}` and `{{ warehouse.MODEL }}` stand for tables. */
  readonly sql?: string;
  /**
   * A lookup table: each value of a column once, with a number that stands for it. `from` is a column of the statement, or,
   * without one, `staging.DATASET.COLUMN`.
   */
  readonly dimension?: { readonly from: string };
  /** Columns that tell rows apart. */
  readonly key?: readonly string[];
  /** Name of a number that is made for each row of a `table` with a key, and stays. */
  readonly id?: string;
  /** `merge` without a key: name of the uuid that is made from the row. */
  readonly rowHash?: string;
  /** Columns that are never NULL. */
  readonly notNull?: readonly string[];
  /** Foreign keys: `{ column: 'model.column' }`. */
  readonly references?: Readonly<Record<string, string>>;
  /** `merge` and `scd2`: a row for which this SQL condition holds deletes its key. */
  readonly deleteWhen?: string;
  /** `scd2`: column that says since when a row holds. Default: the date of the delivery. */
  readonly validFrom?: string;
  /** Which reference is read by runs, when there are several: `staging.DATASET` or `warehouse.MODEL`. */
  readonly source?: string;
  /** Further models and datasets it depends on: `staging.DATASET`, `warehouse.MODEL`. */
  readonly depends?: readonly string[];
  /** Cron pattern. Default: after every publish of what it depends on. `manual` is by command only. */
  readonly schedule?: string;
  /** What has to hold of the rows before they take the place of the former ones. */
  readonly checks?: readonly CheckConfig[];
  /** Becomes the comment of the table or view. */
  readonly description?: string;
}

/** What a CSV file in the folder `base` of WAREHOUSE_DIR does not say itself. */
export interface BaseConfig {
  /** Of the file, without its ending, and of the table. */
  readonly name: string;
  /** Columns that tell rows apart. Default: the first column. */
  readonly key?: readonly string[];
  /** Declared Postgres types by column name; those of the others are inferred. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Foreign keys: `{ column: 'model.column' }`. */
  readonly references?: Readonly<Record<string, string>>;
  /** Becomes the comment of the table. */
  readonly description?: string;
}

/** A model, table, view or query that is written to a file: by `sluice export`, on a schedule, or when it has changed. */
export interface ExportConfig {
  readonly name: string;
  /** A model's name, `warehouse.MODEL`, `staging.DATASET` or `schema.table`. Default: the export's name. */
  readonly from?: string;
  /** Instead of `from`: one SELECT. */
  readonly query?: string;
  /** `jsonl` is one JSON object a line. Default: `csv`. */
  readonly format?: 'csv' | 'jsonl' | 'parquet';
  /** Default: `none`; of `parquet`, which is compressed inside, `snappy`. */
  readonly compression?: 'none' | 'gzip' | 'zstd' | 'snappy';
  /** Only what is new since the last file: of `staging.DATASET`, or of a model that is `incremental`. Default: everything. */
  readonly incremental?: boolean;
  /** Cron pattern: written then, while the service runs. */
  readonly schedule?: string;
  /**
   * Written when this has changed: `staging.DATASET`, `warehouse.MODEL`, or several of them. `publish` is the dataset that
   * `from` names, or else every dataset; `transform` the model, or else every model.
   */
  readonly after?: string | readonly string[];
  /** In EXPORTS_DIR; `{name}`, `{date}`, `{time}` (UTC) and, of an incremental one, `{sequence}` are filled in. Default: `{name}_{date}_{time}.<ending>`, `{name}_{sequence}_{date}_{time}.<ending>`. */
  readonly file?: string;
}

/** A database whose tables `sluice pull` loads. Its URL is in the variable `SOURCE_<NAME>_URL`, which `.env` may set. */
export interface SourceConfig {
  readonly name: string;
  /** Schema of the tables; of MySQL and MariaDB the database. Default: `public`; of MySQL and MariaDB the one in the URL. */
  readonly schema?: string;
  /**
   * Names, globs, `!` in front of what is left out, and objects for more. Globs find tables; a view is named. Default: every
   * table.
   */
  readonly tables?: readonly (string | PulledTable)[];
}

/** One table, or query, of a source. */
export interface PulledTable {
  /** Of the table; of a query any. */
  readonly name: string;
  /** One SELECT that is loaded instead of a table. */
  readonly query?: string;
  /** Default: `<source>_<name>`. */
  readonly dataset?: string;
}

/** What the name of a dump says, where it cannot be told by itself. Of several that match the first holds. */
export interface DumpConfig {
  /** A glob on the archive's name, or a RegExp with optional named groups `app`, `label` and `date`. */
  readonly match: string | RegExp;
  /**
   * What the names of its datasets begin with: `lms` of `lms_users`; an empty text leaves the tables' own names. Default: the
   * group `app`, or the archive's name without date and label.
   */
  readonly app?: string;
  /** As of a dataset, whose own comes first. */
  readonly label?: RegExp | false;
}

/** `all-or-nothing`: a bad entry fails the whole archive. `per-entry`: it fails alone, the others are published. */
export type ArchivePolicy = 'all-or-nothing' | 'per-entry';

/** One kind of feed. */
export interface DatasetConfig {
  /** Name of the dataset; normalised, and cut to 48 bytes with a hash when it is longer, it is the parent table's name. */
  readonly name: string;
  /**
   * A glob on the file name, or a RegExp with optional named groups `label` and `date`; a name ending in `.gz` or `.zst` is
   * also tried without it, and the extension of an encrypted file is removed before. Default: files whose own name, date and label removed, is the dataset's.
   */
  readonly match?: string | RegExp;
  /**
   * Finds the version label in the name of the file or archive, extension removed: the group `label`, or else all that
   * matches. `false`: the names hold none. Default: the token `v2` or `v2.3` at the end for dumps, none for other files.
   */
  readonly label?: RegExp | false;
  /** What is missing is detected. */
  readonly dialect?: DialectOverrides;
  /** Declared Postgres types by column name, as it stands in the file or normalised. Columns not named are inferred. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Of a table of a dump: the database it comes from, when its types do not tell. */
  readonly source?: string;
  /** Of a table of a dump: how binary values are written, or `drop` to leave such columns out. Default: detected. */
  readonly binary?: 'hex' | 'base64' | 'text' | 'drop';
  /** What is not said here is `evolve`; `parent` is `common` for dumps and `widen` for other files. */
  readonly contract?: Partial<Contract>;
  /** The columns of the parent table, with their types. Default: those of the first file. */
  readonly parentColumns?: Readonly<Record<string, string>>;
  /** Whether files of all folders below the imports folder share version tables, or each folder has its own. */
  readonly folders?: 'shared' | 'separate';
  /**
   * `append` adds each file's rows to those already there; `replace` puts them in the place of those of all earlier
   * files, in one transaction.
   */
  readonly disposition?: 'append' | 'replace';
  /** What becomes of a delivery that comes again. */
  readonly redelivery?: Partial<RedeliveryPolicy>;
  /** What has to be there before a file is taken. */
  readonly complete?: CompletePolicy;
  /** What has to hold of each delivery before it is published, and of the feed. */
  readonly checks?: readonly CheckConfig[];
  /** Records with too few fields: `reject` them (default), or `pad` them with NULL. Too many fields are always rejected. */
  readonly ragged?: 'reject' | 'pad';
  /** What an entry of an archive does that feeds this dataset and is bad. Default: what the configuration says at the top. */
  readonly archive?: ArchivePolicy;
  /** Rejected rows allowed: a count, a percentage such as `5%`, or `none` for no limit. Default: REJECT_LIMIT. */
  readonly rejectLimit?: number | string;
}

/**
 * What a dataset does about a layout that differs from what it has. `freeze` refuses the file, and nothing is changed;
 * `discard` goes on without what is new, and counts it.
 */
export interface Contract {
  /** A table that has to be made: the dataset's first, or one for a new version. `discard` skips the records. */
  readonly newTable: 'evolve' | 'freeze' | 'discard';
  /** A column that the dataset lacks. `evolve` adds it, to where `parent` says; `discard` leaves it out. */
  readonly newColumn: 'evolve' | 'freeze' | 'discard';
  /**
   * A column of the dataset that the file lacks is NULL. `evolve` keeps layouts apart, each in its own version table;
   * `discard` takes no notice: the file goes into a version table that has all of its columns, when there is one.
   */
  readonly missingColumn: 'evolve' | 'freeze' | 'discard';
  /**
   * Values of another type than the column has. `widen` changes the column when no value is lost by it, else the version
   * table gets a column `<name>__<type>`. `evolve` does so where a guessed type met values that it had not seen, or where
   * `parent` is `widen`; else it leaves the column alone, and adds. `discard` leaves the file's column out.
   */
  readonly typeChange: 'evolve' | 'widen' | 'freeze' | 'discard';
  /** Where a new column goes: `widen` adds it to the parent, `common` to the version table only. */
  readonly parent: 'widen' | 'common';
}

/** What becomes of a delivery that comes again. A file that has grown always takes the place of its earlier self. */
export interface RedeliveryPolicy {
  /** The same bytes as a published file: `duplicate` loads nothing, `load` treats them like any others. */
  readonly sameContent: 'duplicate' | 'load';
  /**
   * Other bytes under the same name, or for the same date: `append` adds them, `supersede` puts them in the place of the
   * earlier delivery, `hold` lets them wait for `sluice release` or `sluice discard`.
   */
  readonly changed: 'append' | 'supersede' | 'hold';
  /** What makes two files the same delivery: their name, or the date in it; both within one folder. */
  readonly by: 'name' | 'businessDate';
}

/** How a file of the dataset shows that it is complete. Until it does it waits; in the end it fails. */
export interface CompletePolicy {
  /** A marker has to lie beside it: `x.csv.done` or `x.csv.ready` for `true`, else one with this ending. */
  readonly marker?: boolean | string;
  /** `if-present` (default) compares `x.csv.sha256`, `.sha512`, `.sha1` and `.md5` where there is one; `required` wants one. */
  readonly checksum?: 'required' | 'if-present';
  /** A control file tells the number of records: `x.ctl` for `true`. */
  readonly control?: boolean | ControlFile;
  /** Matches the last line, which is no record but tells in its group `count` how many there are. */
  readonly trailer?: RegExp;
  /** Milliseconds until a file that is not complete fails. Default: INCOMPLETE_MS. */
  readonly waitMs?: number;
}

export interface ControlFile {
  /** Its name; `{name}` stands for that of the file, `{stem}` for that without its extension. Default: `{stem}.ctl`. */
  readonly file?: string;
  /** Name of the field with the count. Default: the usual ones, such as `records`, `rows`, `count`. */
  readonly field?: string;
}

export const DEFAULT_CONTROL = '{stem}.ctl';

/** Types and returns a configuration; the identity at run time. */
export function defineConfig(config: SluiceConfig): SluiceConfig {
  return config;
}

/** Types and returns one dataset; the identity at run time. */
export function defineDataset(dataset: DatasetConfig): DatasetConfig {
  return dataset;
}

/** Types and returns one model; the identity at run time. */
export function defineModel(model: ModelConfig): ModelConfig {
  return model;
}

/** Types an export for the editor; gives it back unchanged. */
export function defineExport(wanted: ExportConfig): ExportConfig {
  return wanted;
}

/** Types and returns one source; the identity at run time. */
export function defineSource(source: SourceConfig): SourceConfig {
  return source;
}

/** Types what is said of a file of base data; gives it back unchanged. */
export function defineBase(base: BaseConfig): BaseConfig {
  return base;
}
