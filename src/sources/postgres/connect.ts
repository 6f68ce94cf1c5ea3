import pg from 'pg';
import {
  BUSY,
  CANNOT_CONNECT_NOW,
  isConnectionLost,
  LOCK_NOT_AVAILABLE,
  sqlstateOf,
} from '../../db/sqlstate.ts';
import type { SluiceError } from '../../errors.ts';
import { type SourceName, sourceError } from '../source-error.ts';

const CONNECT_MS = 10_000;

/**
 * What values are written as, and that the rows are those of one moment. Rows that a policy would hide in silence are
 * an error, and a table is read from its start, so that it comes in the same order again.
 */
const SESSION = `
  SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET client_encoding = 'UTF8';
  SET bytea_output = 'hex'; SET extra_float_digits = 3; SET xmloption = 'content'; SET row_security = off;
  SET synchronize_seqscans = off; SET statement_timeout = 0; SET lock_timeout = 0;
  SET idle_in_transaction_session_timeout = 0;
  BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`;

/** A session with a snapshot of its own. `onLost` is told when it ends by itself. */
export async function connectPostgres(
  source: SourceName,
  onLost: (error: unknown) => void,
): Promise<pg.Client> {
  const client = await open(source);
  client.on('error', onLost);
  client.on('end', () => onLost(new Error('the server ended the connection')));
  try {
    await client.query(SESSION);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw refused(source, error);
  }
}

/** Breaks off the statement that a session works on. */
export async function cancelStatement(source: SourceName, processId: number): Promise<void> {
  const client = await open(source);
  try {
    await client.query('select pg_cancel_backend($1)', [processId]);
  } finally {
    await client.end();
  }
}

async function open(source: SourceName): Promise<pg.Client> {
  try {
    const client = new pg.Client({
      connectionString: source.url,
      application_name: `sluice pull ${source.name}`,
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
    });
    // What is wrong is told to whoever waits for something; an error that nobody listens to would end the process.
    client.on('error', () => {});
    await client.connect();
    return client;
  } catch (error) {
    throw refused(source, error);
  }
}

/** While it is being opened: what the server did not refuse did not reach it. */
function refused(source: SourceName, error: unknown): SluiceError {
  const sqlstate = sqlstateOf(error);
  const answered = sqlstate !== null && sqlstate !== CANNOT_CONNECT_NOW && !isConnectionLost(sqlstate);
  if (!answered) return sourceError('SOURCE_UNREACHABLE', source, error);
  return sourceError(BUSY.has(sqlstate) ? 'SOURCE_BUSY' : 'SOURCE_REFUSED', source, error);
}

/** An error of a statement. */
export function statementError(source: SourceName, error: unknown): SluiceError {
  const sqlstate = sqlstateOf(error);
  if (sqlstate === null || isConnectionLost(sqlstate))
    return sourceError('SOURCE_CONNECTION_LOST', source, error);
  const passes = BUSY.has(sqlstate) || sqlstate === LOCK_NOT_AVAILABLE;
  return sourceError(passes ? 'SOURCE_BUSY' : 'SOURCE_REFUSED', source, error);
}
