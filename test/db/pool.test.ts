import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPool } from '../../src/db/pool.ts';
import { createTestDatabase, onServer, type TestDatabase } from '../database.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase('empty');
});
afterEach(() => database.drop());

describe('a session of the pool', () => {
  it('reads and writes values the same whatever the role has set', async () => {
    await onServer((client) =>
      client.query(`
        alter database ${database.name} set datestyle = 'German, DMY';
        alter database ${database.name} set statement_timeout = 1`),
    );
    const { rows } = await database.pool.query(
      `select 12345678901 as big, 9223372036854775807 as huge, 1.50 as exact, date '2026-02-01' as day,
        timestamp '2026-02-01 00:00:00' as local, timestamptz '2026-02-01 00:00:00+00' as moment,
        '2026-02-01'::text::date = date '2026-02-01' as ymd, current_setting('TimeZone') as zone`,
    );
    expect(rows).toEqual([
      {
        big: 12345678901,
        huge: '9223372036854775807',
        exact: '1.50',
        day: '2026-02-01',
        local: '2026-02-01 00:00:00',
        moment: new Date('2026-02-01T00:00:00Z'),
        ymd: true,
        zone: 'UTC',
      },
    ]);
  });

  it('that breaks while idle does not end the process, and is replaced', async () => {
    const { rows } = await database.pool.query('select pg_backend_pid() as pid');
    await onServer((admin) => admin.query('select pg_terminate_backend($1)', [rows[0].pid]));
    await expect.poll(() => database.pool.totalCount, { timeout: 60_000 }).toBe(0);
    expect((await database.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('that breaks while checked out, between two queries, does not end the process', async () => {
    const client = await database.pool.connect();
    const { rows } = await client.query('select pg_backend_pid() as pid');
    await onServer((admin) => admin.query('select pg_terminate_backend($1)', [rows[0].pid]));
    await expect
      .poll(() => client.query('select 1').catch(() => 'broken'), { timeout: 60_000 })
      .toBe('broken');
    client.release(true);
  });

  it('is waited for without a limit when all are in use', async () => {
    const pool = openPool(database.url, { max: 1, applicationName: 'small', connectTimeoutMs: 1000 });
    try {
      const slow = pool.query('select pg_sleep(1.5)');
      expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
      await slow;
    } finally {
      await pool.end();
    }
  });
});

describe('echoSql', () => {
  it('receives every statement, COPY included, and never a parameter', async () => {
    const echoed: string[] = [];
    const pool = openPool(database.url, {
      max: 1,
      applicationName: 'echo',
      echoSql: (sql) => echoed.push(sql),
    });
    try {
      await pool.query('create table t (id int)');
      await pool.query({ text: 'select $1::text', values: ['secret'] });
      const client = await pool.connect();
      await pipeline(Readable.from(['1\n']), client.query(copyFrom('copy t from stdin')));
      client.release();
    } finally {
      await pool.end();
    }
    expect(echoed).toEqual(
      expect.arrayContaining(['create table t (id int)', 'select $1::text', 'copy t from stdin']),
    );
    expect(echoed.join()).not.toContain('secret');
  });
});
