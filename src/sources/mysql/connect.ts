import mysql from 'mysql2';
import { type ErrorCode, SluiceError } from '../../errors.ts';
import { type SourceName, sourceError } from '../source-error.ts';

const CONNECT_MS = 10_000;
/** Seconds; the most that servers take. A session waits for the database that is loaded into, however long that takes. */
const PATIENCE = 31_536_000;

/**
 * What values are written as, and that the rows are those of one moment. A server hangs up on a client that takes nothing
 * for a minute, which a load may.
 */
const SESSION = [
  `SET SESSION time_zone = '+00:00', sql_mode = '', net_write_timeout = ${PATIENCE}, wait_timeout = ${PATIENCE}`,
  'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
  'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
];

/** Time limits of statements, which have other names on other servers. */
const WITHOUT_LIMITS = ['SET SESSION max_statement_time = 0', 'SET SESSION max_execution_time = 0'];

/** A session with a snapshot of its own. `onLost` is told when it ends by itself. */
export async function connectMysql(
  source: SourceName,
  onLost: (error: unknown) => void,
): Promise<mysql.Connection> {
  const connection = await open(source);
  connection.on('error', onLost);
  connection.on('end', () => onLost(new Error('the server ended the connection')));
  try {
    for (const statement of WITHOUT_LIMITS) await ask(connection, statement).catch(ignoreUnknown);
    for (const statement of SESSION) await ask(connection, statement);
    return connection;
  } catch (error) {
    connection.destroy();
    throw refused(source, error);
  }
}

/** One server has the one variable, one the other. */
function ignoreUnknown(error: unknown): void {
  if (errnoOf(error) !== UNKNOWN_VARIABLE) throw error;
}

/** Breaks off the statement that a session works on. */
export async function killStatement(source: SourceName, threadId: number): Promise<void> {
  const connection = await open(source);
  try {
    await ask(connection, `KILL QUERY ${threadId}`);
  } finally {
    connection.end();
  }
}

/** The rows of a statement, by column name. */
export function ask(
  connection: mysql.Connection,
  sql: string,
  values: readonly string[] = [],
): Promise<{ rows: Record<string, string | null>[]; fields: mysql.FieldPacket[] }> {
  return new Promise((resolve, reject) => {
    connection.query({ sql, values: [...values] }, (error, rows: unknown, fields) => {
      if (error !== null) reject(error);
      else resolve({ rows: Array.isArray(rows) ? rows : [], fields });
    });
  });
}

function open(source: SourceName): Promise<mysql.Connection> {
  const options = optionsFrom(source);
  return new Promise((resolve, reject) => {
    const connection = mysql.createConnection(options);
    // What is wrong is told to whoever waits for something; an error that nobody listens to would end the process.
    connection.on('error', () => {});
    connection.once('error', reject);
    connection.connect((error) => {
      if (error) reject(error);
      else {
        connection.off('error', reject);
        resolve(connection);
      }
    });
  }).catch((error: unknown) => {
    throw refused(source, error);
  }) as Promise<mysql.Connection>;
}

function optionsFrom(source: SourceName): mysql.ConnectionOptions {
  const url = parsed(source);
  const { host, port, user, password, database } = url;
  const socket = url.parameters.get('socket');
  const ssl = sslOf(source, url.parameters.get('ssl-mode'));
  return {
    ...(socket === null ? { host, ...(port !== null && { port }) } : { socketPath: socket }),
    ...(user !== '' && { user }),
    ...(password !== '' && { password }),
    ...(database !== '' && { database }),
    ...(ssl !== null && { ssl }),
    ...{ charset: 'utf8mb4', dateStrings: true, supportBigNumbers: true, bigNumberStrings: true },
    ...{ connectTimeout: CONNECT_MS, enableKeepAlive: true, flags: ['-LOCAL_FILES'] },
  };
}

const PARAMETERS = ['socket', 'ssl-mode'];

function parsed(source: SourceName) {
  try {
    const url = new URL(source.url);
    for (const name of url.searchParams.keys()) {
      if (!PARAMETERS.includes(name))
        throw unsupported(source, `the URL has the parameter ${name}; there are ${PARAMETERS.join(' and ')}`);
    }
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost',
      port: url.port === '' ? null : Number(url.port),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: decodeURIComponent(url.pathname.slice(1)),
      parameters: url.searchParams,
    };
  } catch (error) {
    throw error instanceof SluiceError
      ? error
      : unsupported(
          source,
          'its URL cannot be read: are special characters of the password percent-encoded?',
        );
  }
}

function unsupported({ name }: SourceName, reason: string): SluiceError {
  return new SluiceError('SOURCE_UNSUPPORTED', { source: name, reason });
}

/** As in the URLs of MySQL's own programs. Null: without encryption. */
function sslOf(source: SourceName, mode: string | null): mysql.SslOptions | null {
  switch (mode?.toUpperCase() ?? 'DISABLED') {
    case 'DISABLED':
      return null;
    case 'REQUIRED':
      return { rejectUnauthorized: false };
    case 'VERIFY_CA':
      return { rejectUnauthorized: true, verifyIdentity: false };
    case 'VERIFY_IDENTITY':
      return { rejectUnauthorized: true, verifyIdentity: true };
    default:
      throw unsupported(source, 'ssl-mode is DISABLED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY');
  }
}

const UNKNOWN_VARIABLE = 1193;
/** Too many connections, lock wait, deadlock, interrupted, definition changed, time limits of statements. */
const BUSY = new Set([1040, 1203, 1205, 1213, 1317, 1412, 1969, 3024, 1226]);
/** Shutdown, killed connection, and what the client library itself calls lost. */
const LOST = new Set([1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 3169, 4031]);

/** The server's number for an error; null when the server did not raise it. */
function errnoOf(error: unknown): number | null {
  const errno: unknown = Reflect.get(Object(error), 'errno');
  return typeof errno === 'number' && errno > 0 ? errno : null;
}

/** While it is being opened: what the server did not refuse did not reach it. */
function refused(source: SourceName, error: unknown): SluiceError {
  const errno = errnoOf(error);
  return sourceError(
    errno === null || LOST.has(errno) ? 'SOURCE_UNREACHABLE' : answered(errno),
    source,
    error,
  );
}

/** An error of a statement. */
export function statementError(source: SourceName, error: unknown): SluiceError {
  const errno = errnoOf(error);
  return sourceError(
    errno === null || LOST.has(errno) ? 'SOURCE_CONNECTION_LOST' : answered(errno),
    source,
    error,
  );
}

function answered(errno: number): ErrorCode {
  return BUSY.has(errno) ? 'SOURCE_BUSY' : 'SOURCE_REFUSED';
}
