import { from as copyFrom } from 'pg-copy-streams';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/transaction.ts';
import { createTestDatabase, onServer, type TestDatabase } from '../database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase('empty');
  await database.pool.query('create table t (id int)');
});
afterAll(() => database.drop());

async function ids(): Promise<number[]> {
  return (await database.pool.query('select id from t order by id')).rows.map((row) => row.id);
}

describe('inTransaction', () => {
  it('commits what the work did and returns its result', async () => {
    const result = await inTransaction(database.pool, async (client) => {
      await client.query('insert into t values (1)');
      return 'done';
    });
    expect(result).toBe('done');
    expect(await ids()).toEqual([1]);
  });

  it('rolls back when the work fails, and gives the error unchanged', async () => {
    const error = new Error('work');
    const failing = inTransaction(database.pool, async (client) => {
      await client.query('insert into t values (2)');
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    expect(await ids()).toEqual([1]);
    expect(database.pool.idleCount).toBe(database.pool.totalCount);
  });

  it('fails when the work swallowed an error of Postgres, instead of reporting a commit that did not happen', async () => {
    const swallowing = inTransaction(database.pool, async (client) => {
      await client.query('insert into t values (3)');
      await client.query('select 1 / 0').catch(() => undefined);
    });
    await expect(swallowing).rejects.toMatchObject({ code: 'DATABASE_REFUSED' });
    expect(await ids()).toEqual([1]);
  });

  it('destroys a connection that broke', async () => {
    let pid = 0;
    const breaking = inTransaction(database.pool, async (client) => {
      pid = (await client.query('select pg_backend_pid() as pid')).rows[0].pid;
      await onServer((admin) => admin.query('select pg_terminate_backend($1)', [pid]));
      await client.query('select pg_sleep(5)');
    });
    await expect(breaking).rejects.toThrow();
    const { rows } = await database.pool.query('select pg_backend_pid() as pid');
    expect(rows[0].pid).not.toBe(pid);
  });

  it('destroys a connection that is stuck in an unfinished COPY', async () => {
    const stuck = inTransaction(database.pool, async (client) => {
      client.query(copyFrom('copy t from stdin')).on('error', () => undefined);
      throw new Error('work');
    });
    await expect(stuck).rejects.toThrow('work');
    expect(await ids()).toEqual([1]);
  });

  it('gives up waiting for a lock after lockTimeoutMs, in that transaction only', async () => {
    await inTransaction(database.pool, async (holder) => {
      await holder.query('lock table t');
      const waiting = inTransaction(database.pool, (client) => client.query('select from t'), {
        lockTimeoutMs: 50,
      });
      await expect(waiting).rejects.toMatchObject({ code: '55P03' });
    });
    const { rows } = await database.pool.query("select current_setting('lock_timeout') as timeout");
    expect(rows).toEqual([{ timeout: '0' }]);
  });
});
