import pg from 'pg';
import { quoteIdentifier } from '../identifiers.ts';
import { CANNOT_CONNECT_NOW, DUPLICATE_DATABASE, isConnectionLost, sqlstateOf } from '../sqlstate.ts';
import { EMBEDDED_DATABASE, embeddedUrl } from './password.ts';

const CONNECT_LIMIT_MS = 5_000;

/**
 * Whether the server takes connections. False while it starts, recovers or stops, or when nobody listens. What else
 * it answers, such as a refused password, is thrown. Once it answers, the service's database exists.
 */
export async function isReady(port: number, password: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString: embeddedUrl(port, password, 'postgres'),
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await ensureDatabase(client);
    return true;
  } catch (error) {
    if (isNotYet(error)) return false;
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function ensureDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [
    EMBEDDED_DATABASE,
  ]);
  if (rowCount !== 0) return;
  try {
    await client.query(`create database ${quoteIdentifier(EMBEDDED_DATABASE)}`);
  } catch (error) {
    if (sqlstateOf(error) !== DUPLICATE_DATABASE) throw error;
  }
}

function isNotYet(error: unknown): boolean {
  const sqlstate = sqlstateOf(error);
  if (sqlstate === null) return true;
  return sqlstate === CANNOT_CONNECT_NOW || isConnectionLost(sqlstate);
}
