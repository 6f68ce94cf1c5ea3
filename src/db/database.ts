import type pg from 'pg';
import { maskUrl } from '../config/mask-url.ts';
import type { Settings } from '../config/settings.ts';
import { SluiceError } from '../errors.ts';
import { toSluiceError } from './database-error.ts';
import { acquireEmbeddedServer } from './embedded/acquire-embedded-server.ts';
import { withoutPassword } from './mask-error.ts';
import { openPool } from './pool.ts';

/** The oldest server that has what Sluice uses. */
const OLDEST_VERSION = 150_000;

/** An open database. `close` ends the pool and lets go of the embedded server, if it is that; again does nothing. */
export interface Database {
  readonly pool: pg.Pool;
  readonly url: string;
  /** The URL without its password, for messages. */
  readonly maskedUrl: string;
  /** As `server_version_num`: 180004 is 18.4. */
  readonly serverVersion: number;
  close(): Promise<void>;
}

export interface OpenDatabaseOptions {
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Connections at most. Default 20. */
  readonly max?: number;
}

type DatabaseSettings = Pick<Settings, 'databaseUrl' | 'dataDir' | 'echoSql'>;

/**
 * Opens `settings.databaseUrl`, or the embedded server in `settings.dataDir` when that is null, starting it if need be.
 *
 * Throws DATABASE_UNREACHABLE, DATABASE_REFUSED (credentials, missing database), DATABASE_TOO_OLD, and EMBEDDED_* for
 * the embedded server. No message, also not that of a cause, holds the password. `log` receives progress and, with
 * `echoSql`, every statement.
 */
export async function openDatabase(
  settings: DatabaseSettings,
  log: (message: string) => void,
  options: OpenDatabaseOptions,
): Promise<Database> {
  if (settings.databaseUrl !== null) return connect(settings.databaseUrl, settings, log, options);
  const server = await acquireEmbeddedServer(settings.dataDir, log);
  try {
    const database = await connect(server.url, settings, log, options);
    return { ...database, close: () => database.close().finally(() => server.release()) };
  } catch (error) {
    await server.release();
    throw error;
  }
}

async function connect(
  url: string,
  settings: DatabaseSettings,
  log: (message: string) => void,
  { applicationName, max = 20 }: OpenDatabaseOptions,
): Promise<Database> {
  const echoSql = settings.echoSql ? { echoSql: (sql: string) => log(`sql: ${sql}`) } : {};
  const pool = open(url, { max, applicationName, ...echoSql });
  try {
    const serverVersion = await checkVersion(pool, url);
    return { pool, url, maskedUrl: maskUrl(url), serverVersion, close: () => endOnce(pool) };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function endOnce(pool: pg.Pool): Promise<void> {
  if (!pool.ending) await pool.end();
}

function open(url: string, options: Parameters<typeof openPool>[1]): pg.Pool {
  try {
    return openPool(url, options);
  } catch (error) {
    throw refused(url, error);
  }
}

async function checkVersion(pool: pg.Pool, url: string): Promise<number> {
  const version = await readVersion(pool).catch((error: unknown) => {
    throw refused(url, error);
  });
  refuseOld(version, url);
  return version;
}

/** Throws DATABASE_TOO_OLD unless `version`, a `server_version_num`, has what Sluice uses. */
export function refuseOld(version: number, url: string): void {
  if (version >= OLDEST_VERSION) return;
  throw new SluiceError('DATABASE_TOO_OLD', {
    url: maskUrl(url),
    version: Math.floor(version / 10_000),
    oldest: OLDEST_VERSION / 10_000,
  });
}

async function readVersion(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ version: number }>(
    "select current_setting('server_version_num')::int as version",
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the server reports no version');
  return row.version;
}

/** What went wrong before the first statement succeeded; a connection that ends then was never there. */
function refused(url: string, error: unknown): SluiceError {
  const cause = withoutPassword(error, url);
  const { code, facts } = toSluiceError(cause);
  const unreachable = code === 'DATABASE_CONNECTION_LOST' || code === 'DATABASE_UNREACHABLE';
  const final = unreachable ? 'DATABASE_UNREACHABLE' : code === 'INTERNAL' ? 'DATABASE_REFUSED' : code;
  return new SluiceError(final, { ...facts, url: maskUrl(url) }, cause);
}
