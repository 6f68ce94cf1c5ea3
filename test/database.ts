import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { inject } from 'vitest';
import { quoteIdentifier } from '../src/db/identifiers.ts';
import { openPool } from '../src/db/pool.ts';

/** Backends end a moment after their connection was closed; on a busy machine it may be a long one. */
const GOODBYE_MS = 10_000;

export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  readonly pool: pg.Pool;
  /** Closes the pool and drops the database; throws when anybody else is still connected to it. */
  drop(): Promise<void>;
}

/**
 * A database of its own for one test file or test. With `template` (the default) it has the bookkeeping, staging and
 * warehouse schemas; `empty` has nothing.
 */
export async function createTestDatabase(content: 'template' | 'empty' = 'template'): Promise<TestDatabase> {
  const name = `sluice_test_${randomUUID().replaceAll('-', '')}`;
  const source = content === 'empty' ? 'template0' : inject('templateDatabase');
  await onServer((client) =>
    client.query(`create database ${quoteIdentifier(name)} template ${quoteIdentifier(source)}`),
  );
  const url = new URL(inject('serverUrl'));
  url.pathname = `/${name}`;
  const pool = openPool(url.href, { max: 10, applicationName: 'sluice test' });
  return { name, url: url.href, pool, drop: () => dropDatabase(name, pool) };
}

async function dropDatabase(name: string, pool: pg.Pool): Promise<void> {
  if (!pool.ended) await pool.end();
  const leaked = await onServer(async (client) => {
    const sessions = await remainingSessions(client, name);
    await client.query(`drop database ${quoteIdentifier(name)} with (force)`);
    return sessions;
  });
  if (leaked.length > 0) throw new Error(`connections leaked: ${leaked.join('; ')}`);
}

async function remainingSessions(client: pg.Client, database: string): Promise<string[]> {
  const deadline = Date.now() + GOODBYE_MS;
  for (;;) {
    const { rows } = await client.query<{ session: string }>(
      `select concat_ws(' ', application_name, state, left(query, 200)) as session
       from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
      [database],
    );
    if (rows.length === 0 || Date.now() > deadline) return rows.map((row) => row.session);
    await sleep(20);
  }
}

/** Runs `work` on the server's own database. */
export async function onServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: inject('serverUrl') });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
