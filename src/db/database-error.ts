import { type ErrorCode, type ErrorFacts, messageOf, SluiceError } from '../errors.ts';
import {
  BUSY,
  CANNOT_CONNECT_NOW,
  codeOf,
  DISK_FULL,
  isConnectionLost,
  LOCK_NOT_AVAILABLE,
  sqlstateOf,
} from './sqlstate.ts';

const UNREACHABLE_ERRNO = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
]);
const LOST_ERRNO = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'ENOTCONN']);

/** pg raises these without a code; its message is all there is. */
const LOST_MESSAGE =
  /^(Connection terminated( unexpectedly)?|Client has encountered a connection error and is not queryable|Client was closed and is not queryable|Query read timeout)$/;
const UNREACHABLE_MESSAGE =
  /^(timeout expired|timeout exceeded when trying to connect|Connection terminated due to connection timeout)$/;

/**
 * The catalogue error for anything thrown while talking to Postgres. A SluiceError passes through unchanged; what is
 * neither from Postgres nor from its socket becomes `INTERNAL`. `facts` are added to those read from the error
 * (`reason`, `sqlstate`, `table`, `column`, `constraint`); given facts win.
 */
export function toSluiceError(error: unknown, facts: ErrorFacts = {}): SluiceError {
  if (error instanceof SluiceError) return error;
  const code = classify(error);
  return new SluiceError(code, { ...factsOf(error), ...facts }, error);
}

function classify(error: unknown): ErrorCode {
  const sqlstate = sqlstateOf(error);
  if (sqlstate !== null) return classifySqlstate(sqlstate);
  const code = codeOf(error);
  if (code !== null) return classifyErrno(code, error);
  return classifyMessage(messageOf(error));
}

function classifySqlstate(sqlstate: string): ErrorCode {
  if (sqlstate === CANNOT_CONNECT_NOW) return 'DATABASE_UNREACHABLE';
  if (isConnectionLost(sqlstate)) return 'DATABASE_CONNECTION_LOST';
  if (sqlstate === DISK_FULL) return 'DATABASE_FULL';
  if (sqlstate === LOCK_NOT_AVAILABLE) return 'LOCK_TIMEOUT';
  return BUSY.has(sqlstate) ? 'DATABASE_BUSY' : 'DATABASE_REFUSED';
}

function classifyErrno(code: string, error: unknown): ErrorCode {
  if (UNREACHABLE_ERRNO.has(code) || isConnectCall(error)) return 'DATABASE_UNREACHABLE';
  return LOST_ERRNO.has(code) ? 'DATABASE_CONNECTION_LOST' : 'INTERNAL';
}

function classifyMessage(message: string): ErrorCode {
  if (LOST_MESSAGE.test(message)) return 'DATABASE_CONNECTION_LOST';
  return UNREACHABLE_MESSAGE.test(message) ? 'DATABASE_UNREACHABLE' : 'INTERNAL';
}

// ENOENT and EACCES come from a Unix socket's path as well as from files.
function isConnectCall(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'syscall' in error && error.syscall === 'connect';
}

function factsOf(error: unknown): ErrorFacts {
  const read = (name: string): string | undefined => textProperty(error, name);
  return {
    url: 'server',
    reason: reasonOf(error),
    sqlstate: sqlstateOf(error) ?? undefined,
    table: read('table') ?? 'a table',
    column: read('column'),
    constraint: read('constraint'),
  };
}

/** A host with several addresses fails as an AggregateError whose own message is empty. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return messageOf(error);
}

function textProperty(error: unknown, name: string): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : undefined;
}
