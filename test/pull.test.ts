import { expect, it, onTestFinished, vi } from 'vitest';
import { expectNothingLeftOver } from './crash/killed.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { DatabaseProxy } from './database-proxy.ts';
import { eventually, Service } from './service.ts';

// Several processes each, perhaps on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const SLOW = 'select n from generate_series(1, 100) n, lateral pg_sleep(0 * n + (select seconds from pace))';

/** A source whose query `slow` takes its time, between a table that is pulled before it and one behind it. */
async function slowSource(): Promise<{ source: TestDatabase; service: Service }> {
  const source = await createTestDatabase('empty');
  onTestFinished(() => source.drop());
  await source.pool.query(`
    create table pace (seconds float); insert into pace values (1);
    create table first (id int primary key); insert into first values (1);
    create table last (id int primary key); insert into last values (1)`);
  const service = await Service.create({ SOURCE_SHOP_URL: source.url });
  await service.write(
    'sluice.config.ts',
    `export default { sources: [{ name: 'shop', tables: ['first', 'last', { name: 'slow', query: '${SLOW}' }] },
       { name: 'spare', tables: [{ name: 'slow', query: '${SLOW}' }, { name: 'behind', query: 'select * from last' }] }] };`,
  );
  return { source, service };
}

/** Waits until the source is being read; gives the number of the server's process. */
async function beingRead({ pool }: TestDatabase): Promise<number> {
  let pid = 0;
  await eventually(
    async () => {
      const sql =
        "select pid from pg_stat_activity where datname = current_database() and application_name like 'sluice pull%' and query like 'COPY%pg_sleep%'";
      pid = (await pool.query<{ pid: number }>(sql)).rows[0]?.pid ?? 0;
      return pid !== 0;
    },
    30_000,
    'the source is being read',
  );
  return pid;
}

it('a pull whose connection is lost before anything was loaded begins anew, from one snapshot again', async () => {
  const { source, service } = await slowSource();
  const pulling = service.spawn(['pull', 'spare', '--json'], { SOURCE_SPARE_URL: source.url });
  const pid = await beingRead(source);
  await source.pool.query('update pace set seconds = 0.05');
  await source.pool.query('select pg_terminate_backend($1)', [pid]);
  await pulling.untilPrinted(/is tried again in/);
  await eventually(async () => (await beingRead(source)) !== pid, 30_000, 'it is read anew');
  await source.pool.query('insert into last values (2)');
  const { code, stdout, stderr } = await pulling.ended(60_000);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout).files).toMatchObject([
    { name: 'spare.slow', status: 'published', attempt: 2, loads: [{ rowsLoaded: 100 }] },
    { name: 'spare.behind', status: 'published', loads: [{ rowsLoaded: 1 }] },
  ]);
});

it('a pull whose connection is lost later publishes nothing of that table, and does not go on', async () => {
  const { source, service } = await slowSource();
  const pulling = service.spawn(['pull', 'shop', '--json']);
  await source.pool.query('select pg_terminate_backend($1)', [await beingRead(source)]);
  const { code, stdout, stderr } = await pulling.ended(60_000);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/SOURCE_CONNECTION_LOST/)]);
  expect(JSON.parse(stdout).files).toMatchObject([
    { name: 'shop.first', status: 'published' },
    { name: 'shop.last', status: 'published' },
    { name: 'shop.slow', status: 'failed', errorCode: 'SOURCE_CONNECTION_LOST' },
  ]);
  expect(await service.value("select to_regclass('staging.shop_slow')::text")).toBeNull();
});

it('a pull that is killed leaves nothing visible, and the next start ends it', async () => {
  const { source, service } = await slowSource();
  const killed = service.spawn(['pull', 'shop', 'slow']);
  const pid = await beingRead(source);
  const second = await service.run(['pull', 'shop', 'first']);
  expect([second.code, second.stderr]).toEqual([2, expect.stringMatching(/SOURCE_PULLED/)]);
  await killed.kill();
  // It would notice when it has something to send.
  await source.pool.query('select pg_terminate_backend($1)', [pid]);
  expect(await service.statuses()).toMatchObject([{ name: 'shop.slow', error: null }]);

  const once = await service.run(['once']);
  expect([once.code, once.stderr]).toEqual([0, expect.stringMatching(/failed shop\.slow.*PULL_INTERRUPTED/)]);
  const ended = { name: 'shop.slow', status: 'failed', error: 'PULL_INTERRUPTED' };
  expect(await service.statuses()).toEqual([ended]);

  await source.pool.query('update pace set seconds = 0');
  const pulled = await service.run(['pull', 'shop', 'slow', '--json']);
  expect(pulled.code, pulled.stderr).toBe(0);
  expect(await service.value('select count(*) from staging.shop_slow')).toBe(100);
  expect((await service.receipts()).map(({ file, status }) => [file, status])).toEqual([
    ['shop.slow', 'failed'],
    ['shop.slow', 'published'],
  ]);
  await expectNothingLeftOver(service);
});

it('a pull that a signal stops ends its table as interrupted', async () => {
  const { source, service } = await slowSource();
  const pulling = service.spawn(['pull', 'shop']);
  await beingRead(source);
  pulling.child.kill('SIGTERM');
  const { code, stderr } = await pulling.ended(60_000);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/failed shop\.slow.*PULL_INTERRUPTED/)]);
  expect((await service.statuses()).map(({ status }) => status)).toEqual([
    'published',
    'published',
    'failed',
  ]);
});

it('a pull whose database is away for a moment goes on from the same snapshot', async () => {
  const { source, service } = await slowSource();
  await source.pool.query('update pace set seconds = 0.1');
  const proxy = await DatabaseProxy.before(service.database.url);
  const pulling = service.spawn(['pull', 'spare', '--json'], {
    SOURCE_SPARE_URL: source.url,
    DATABASE_URL: proxy.url,
  });
  await beingRead(source);
  await proxy.cut();
  await source.pool.query('insert into last values (2)');
  await pulling.untilPrinted(/is tried again in/);
  await proxy.open();
  const { code, stdout, stderr } = await pulling.ended(60_000);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout).files).toMatchObject([
    { name: 'spare.slow', status: 'published', attempt: 2, loads: [{ rowsLoaded: 100 }] },
    { name: 'spare.behind', status: 'published', loads: [{ rowsLoaded: 1 }] },
  ]);
});
