import type pg from 'pg';
import { SluiceError } from '../errors.ts';
import { isConnectionLost, sqlstateOf } from './sqlstate.ts';

/** Milliseconds a ROLLBACK may take; a client stuck in an unfinished COPY never answers it. */
const ROLLBACK_LIMIT_MS = 5_000;

export interface TransactionOptions {
  /** Milliseconds to wait for any lock; then SQLSTATE 55P03. Default: wait without limit. */
  readonly lockTimeoutMs?: number;
  /** Ends the connection at once, whatever it waits for; the server rolls back. */
  readonly signal?: AbortSignal;
}

/**
 * Runs `work` in one transaction on a connection of its own: COMMIT when it resolves, ROLLBACK when it rejects.
 *
 * Errors of `work` and of Postgres come out as they are (see `toSluiceError`). A connection that broke, or that does
 * not answer the ROLLBACK, is destroyed instead of going back to the pool. Throws DATABASE_REFUSED when the server
 * answered the COMMIT by rolling back, which it does without an error when `work` swallowed one.
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const client = await pool.connect();
  let usable = true;
  let released = false;
  const release = (destroy: boolean) => {
    if (!released) client.release(destroy);
    released = true;
  };
  const onAbort = () => release(true);
  options.signal?.addEventListener('abort', onAbort);
  try {
    options.signal?.throwIfAborted();
    await client.query(begin(options));
    const result = await work(client);
    await commit(client);
    return result;
  } catch (error) {
    usable = !released && !endsSession(error) && (await rollBack(client));
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    release(!usable);
  }
}

function begin({ lockTimeoutMs }: TransactionOptions): string {
  if (lockTimeoutMs === undefined) return 'BEGIN';
  return `BEGIN; SET LOCAL lock_timeout = ${Math.max(1, Math.round(lockTimeoutMs))}`;
}

async function commit(client: pg.PoolClient): Promise<void> {
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT') {
    throw new SluiceError('DATABASE_REFUSED', {
      reason: 'the transaction had already failed, so that its COMMIT rolled it back',
    });
  }
}

function endsSession(error: unknown): boolean {
  const sqlstate = sqlstateOf(error);
  return sqlstate !== null && isConnectionLost(sqlstate);
}

/** True when the session is clean again. The error that led here is the one to report, so none is raised. */
async function rollBack(client: pg.PoolClient): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ROLLBACK_LIMIT_MS);
  });
  const rolledBack = client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([rolledBack, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks the server to notice while a statement runs that this process is gone: else the statement runs on to its end,
 * and the next start waits for its locks. Servers on some systems cannot.
 */
export async function endWithProcess(client: pg.PoolClient): Promise<void> {
  await client.query('savepoint setting');
  try {
    await client.query("set local client_connection_check_interval = '1s'");
  } catch {
    await client.query('rollback to setting');
  }
  await client.query('release setting');
}
