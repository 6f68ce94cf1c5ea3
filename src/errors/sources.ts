import type { Catalogue } from './entry.ts';

/** Databases that tables are pulled from. */
export const SOURCE_ERRORS = {
  SOURCE_UNKNOWN: {
    kind: 'terminal',
    message: 'there is no source {source}; the configuration has {known}',
    remedy: 'Name one of these, or add it to `sources` in sluice.config.ts.',
  },
  SOURCE_URL_MISSING: {
    kind: 'terminal',
    message: 'the URL of source {source} is not set',
    remedy:
      'Set SOURCE_<NAME>_URL in the environment or in .env, such as mysql://user:password@host:3306/database.',
  },
  SOURCE_UNSUPPORTED: {
    kind: 'terminal',
    message: 'source {source}: {reason}',
    remedy:
      'Tables are pulled from postgres://, mysql:// and mariadb://. From SQL Server and others, drop a dump or CSV files.',
  },
  SOURCE_UNREACHABLE: {
    kind: 'transient',
    message: 'source {source} ({url}) cannot be reached: {reason}',
    remedy: 'Check that its server runs, and host, port and network; then pull again.',
  },
  SOURCE_REFUSED: {
    kind: 'terminal',
    message: 'source {source} refuses: {reason}',
    remedy: 'Check user, password and rights there, and the query if it was one; then pull again.',
  },
  SOURCE_BUSY: {
    kind: 'transient',
    message: 'source {source} cannot go on now: {reason}',
    remedy: 'Something there stands in the way, such as a lock or a time limit; pull again later.',
  },
  SOURCE_CONNECTION_LOST: {
    kind: 'transient',
    message: 'the connection to source {source} was lost: {reason}',
    remedy:
      'Pull again. Tables that were loaded before are taken as they are then; those that have not changed are duplicates.',
  },
  SOURCE_TABLE_UNKNOWN: {
    kind: 'terminal',
    message:
      'source {source} has no table {table} in {schema}, or is not configured to give it; there are {known}',
    remedy: 'Check the name, and `tables` and `schema` of the source in sluice.config.ts.',
  },
  SOURCE_TABLE_WITHOUT_COLUMNS: {
    kind: 'terminal',
    message: '{table} of source {source} has no columns: there is nothing to load',
    remedy: 'Leave it out of `tables` of the source in sluice.config.ts, or give it a column.',
  },
  SOURCE_DATASET_SHARED: {
    kind: 'terminal',
    message: '{tables} of source {source} would both feed the dataset {dataset}',
    remedy: 'Give one of them a `dataset` of its own in `tables` of the source, or pull both as one query.',
  },
  SOURCE_PULLED: {
    kind: 'transient',
    message: 'source {source} is being pulled by another process',
    remedy: 'Wait until that has ended.',
  },
  PULL_INTERRUPTED: {
    kind: 'terminal',
    message: 'the pull of {file} was interrupted; nothing of it was published',
    remedy: 'Pull again.',
  },
} as const satisfies Catalogue;
