/**
 * SQLSTATE codes by what Sluice does about them.
 * Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */

/** The server ended the session, or it was never whole. Class 08 belongs here as well. */
export const CONNECTION_LOST = new Set(['57P01', '57P02', '57P04', '57P05', '25P03', '25P04']);

/** The server is starting up, shutting down or recovering. */
export const CANNOT_CONNECT_NOW = '57P03';

/** The same statement can succeed in a moment: too many connections, deadlock, serialization, cancel, failover. */
export const BUSY = new Set([
  '53000',
  '53200',
  '53300',
  '53400',
  '40001',
  '40P01',
  '40003',
  '55006',
  '57014',
  '25006',
  '58000',
  '58030',
]);

export const DISK_FULL = '53100';
export const LOCK_NOT_AVAILABLE = '55P03';
export const FOREIGN_KEY_VIOLATION = '23503';
export const UNIQUE_VIOLATION = '23505';
export const UNDEFINED_TABLE = '42P01';
export const UNDEFINED_COLUMN = '42703';
export const DUPLICATE_TABLE = '42P07';
export const DUPLICATE_SCHEMA = '42P06';
export const DUPLICATE_DATABASE = '42P04';
export const DEPENDENT_OBJECTS = '2BP01';
/** Among others: a column whose type cannot change because a view, a policy or a generated column uses it. */
export const FEATURE_NOT_SUPPORTED = '0A000';
/** Among others: a table that cannot inherit because its columns or constraints are not its parent's. */
export const DATATYPE_MISMATCH = '42804';

/** Classes of errors that are never about what is in a record: connection, transaction, resources, operator, system. */
const NOT_THE_RECORDS = new Set(['08', '25', '40', '53', '55', '57', '58']);
/** The context that COPY adds to an error while it works on a record. */
const WITHIN_COPY = /^COPY .*?, line \d+/m;

/**
 * True for an error that says a record does not fit its table: whatever Postgres, a type or a constraint raises while
 * COPY works on it. Classes 22 and 23 are about values wherever they come from.
 */
export function isRecordError(error: unknown): boolean {
  const sqlstate = sqlstateOf(error);
  if (sqlstate === null || NOT_THE_RECORDS.has(sqlstate.slice(0, 2))) return false;
  if (sqlstate.startsWith('22') || sqlstate.startsWith('23')) return true;
  const context: unknown = Reflect.get(Object(error), 'where');
  return typeof context === 'string' && WITHIN_COPY.test(context);
}

/** SQL for the same of a SQLSTATE inside a function: classes that are to be raised again. */
export const NOT_THE_RECORDS_SQL = [...NOT_THE_RECORDS].map((name) => `'${name}'`).join(', ');

/** True for a SQLSTATE after which the session is gone. */
export function isConnectionLost(sqlstate: string): boolean {
  return sqlstate.startsWith('08') || CONNECTION_LOST.has(sqlstate);
}

/** The SQLSTATE that Postgres gave `error`, or null when it did not come from Postgres. */
export function sqlstateOf(error: unknown): string | null {
  const code = codeOf(error);
  return code !== null && /^[0-9A-Z]{5}$/.test(code) && hasSeverity(error) ? code : null;
}

/** `error.code` when it is a string: a SQLSTATE from pg, an errno name from Node. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

// EPERM and EPIPE look like a SQLSTATE; only the server's own messages carry a severity.
function hasSeverity(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'severity' in error;
}
