import { createServer } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toSluiceError } from '../../src/db/database-error.ts';
import { sqlstateOf } from '../../src/db/sqlstate.ts';
import { SluiceError } from '../../src/errors.ts';
import { createTestDatabase, onServer, type TestDatabase } from '../database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase('empty');
});
afterAll(() => database.drop());

async function errorOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('no error was thrown');
}

const raise = (sqlstate: string) =>
  errorOf(() =>
    database.pool.query(`do $$ begin raise exception 'told to' using errcode = '${sqlstate}'; end $$`),
  );

describe('toSluiceError of a SQLSTATE', () => {
  it.each([
    ['08006', 'DATABASE_CONNECTION_LOST'],
    ['57P01', 'DATABASE_CONNECTION_LOST'],
    ['57P03', 'DATABASE_UNREACHABLE'],
    ['53300', 'DATABASE_BUSY'],
    ['53100', 'DATABASE_FULL'],
    ['40001', 'DATABASE_BUSY'],
    ['40P01', 'DATABASE_BUSY'],
    ['57014', 'DATABASE_BUSY'],
    ['25006', 'DATABASE_BUSY'],
    ['55P03', 'LOCK_TIMEOUT'],
    ['42501', 'DATABASE_REFUSED'],
    ['22P02', 'DATABASE_REFUSED'],
    ['23505', 'DATABASE_REFUSED'],
    ['P0001', 'DATABASE_REFUSED'],
    ['XX000', 'DATABASE_REFUSED'],
  ])('%s is %s', async (sqlstate, code) => {
    const error = await raise(sqlstate);
    expect(toSluiceError(error)).toMatchObject({
      code,
      facts: { reason: 'told to', sqlstate },
      cause: error,
    });
  });

  it('takes facts from the server, unless they are given', async () => {
    const error = await errorOf(() =>
      database.pool.query(
        'create temp table t (id int constraint t_key unique); insert into t values (1), (1)',
      ),
    );
    expect(toSluiceError(error).facts).toMatchObject({ table: 't', constraint: 't_key', sqlstate: '23505' });
    expect(toSluiceError(error, { table: 'orders' }).facts.table).toBe('orders');
  });
});

describe('toSluiceError of a connection', () => {
  const connect = (url: string, options: pg.ClientConfig = {}) =>
    errorOf(async () => {
      const client = new pg.Client({ connectionString: url, ...options });
      client.on('error', () => undefined);
      try {
        await client.connect();
      } finally {
        await client.end().catch(() => undefined);
      }
    });

  it.each([
    'postgres://sluice@127.0.0.1:1/x',
    'postgres://sluice@localhost:1/x',
    'postgres://sluice@no-such-host.invalid/x',
    'socket:/no/such/folder?db=x',
  ])('to nobody, %s, is DATABASE_UNREACHABLE with a reason', async (url) => {
    const error = toSluiceError(await connect(url));
    expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE', kind: 'transient' });
    expect(error.facts.reason).toMatch(/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENOENT/);
  });

  it('to somebody who never answers is DATABASE_UNREACHABLE', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    try {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const error = await connect(`postgres://x@127.0.0.1:${port}/x`, { connectionTimeoutMillis: 100 });
      expect(toSluiceError(error).code).toBe('DATABASE_UNREACHABLE');
    } finally {
      server.close();
    }
  });

  it('that the server ends in the middle of a query is DATABASE_CONNECTION_LOST', async () => {
    const client = await database.pool.connect();
    try {
      const { rows } = await client.query('select pg_backend_pid() as pid');
      const sleeping = errorOf(() => client.query('select pg_sleep(20)'));
      await onServer((admin) => admin.query('select pg_terminate_backend($1)', [rows[0].pid]));
      expect(toSluiceError(await sleeping).code).toBe('DATABASE_CONNECTION_LOST');
      const after = await errorOf(() => client.query('select 1'));
      expect(toSluiceError(after).code).toBe('DATABASE_CONNECTION_LOST');
    } finally {
      client.release(true);
    }
  });
});

describe('toSluiceError of anything else', () => {
  it('passes a SluiceError through', () => {
    const error = new SluiceError('FILE_EMPTY', { file: 'x' });
    expect(toSluiceError(error)).toBe(error);
  });

  it.each([new TypeError('x is not a function'), 'text', undefined])('is INTERNAL for %s', (error) => {
    expect(toSluiceError(error).code).toBe('INTERNAL');
  });
});

describe('sqlstateOf', () => {
  it('does not take an errno for a SQLSTATE', () => {
    expect(sqlstateOf(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }))).toBeNull();
  });

  it('reads that of Postgres', async () => {
    expect(sqlstateOf(await raise('22P02'))).toBe('22P02');
  });
});
