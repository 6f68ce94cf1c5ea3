import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DatabaseProxy } from '../database-proxy.ts';
import { csvText, sumOfIds, writeLargeCsv } from '../generated.ts';
import { eventually, Service, type SluiceProcess } from '../service.ts';

/** About 10 MB: several blocks. */
const ROWS = 250_000;
/** At this rate reading all of it takes far longer than running loads are given when the service stops. */
const SLOW = 50_000;
const ROOT = join(import.meta.dirname, '../..');

describe('a service in the middle of a large load', () => {
  it('ends in time on SIGTERM, shows nothing of the file, and loads it after the next start', async () => {
    const { service, running } = await inTheMiddle();
    const stopped = await running.stop();
    expect(stopped).toMatchObject({ code: 0, signal: null });
    await expectNothingVisible(service);
    expect(await service.filesIn('imports')).toEqual(['orders.csv']);
    expect(await service.statuses()).toEqual([{ name: 'orders.csv', status: 'settled', error: null }]);
    await expectLoadedAfterStart(service);
  });

  it('ends at once on a second signal', async () => {
    const { service, running } = await inTheMiddle();
    running.child.kill('SIGTERM');
    // Signals of one kind that come too fast are one signal to the operating system.
    await sleep(200);
    const before = performance.now();
    expect((await running.stop('SIGINT')).code).toBe(0);
    expect(performance.now() - before).toBeLessThan(2_500);
    await expectNothingVisible(service);
    expect(await service.filesIn('imports')).toEqual(['orders.csv']);
  });

  it('loads the file exactly once after SIGKILL and a start', async () => {
    const { service, running } = await inTheMiddle();
    await running.kill();
    await expectNothingVisible(service);
    await expectLoadedAfterStart(service);
  });
});

it('once ends on SIGTERM while it waits for files to settle', async () => {
  const service = await Service.create({ SETTLE_MS: '60000' });
  await service.drop('orders.csv', csvText(1));
  const running = service.spawn(['once']);
  const sessions =
    "select count(*) from pg_stat_activity where application_name = 'sluice once' and datname = current_database()";
  await eventually(async () => (await service.value<number>(sessions)) > 0, 60_000, 'it is connected');
  await sleep(500);
  expect(await running.stop()).toMatchObject({ code: 2, signal: null });
  expect(await service.filesIn('imports')).toEqual(['orders.csv']);
});

it('a service killed between the commit of its segments and the publishing of them leaves none after the next start', async () => {
  const service = await Service.create();
  await service.drop('orders.csv', csvText(1, 5_000_000));
  const running = await service.start();
  await service.finished(1);
  const session = await service.database.pool.connect();
  try {
    // Publishing has to wait for this session; the segments are committed by then.
    await session.query('begin; lock table staging.orders__v1 in share update exclusive mode');
    await writeLargeCsv(join(service.imports, 'orders_2026-11-21.csv'), ROWS);
    await eventually(async () => (await service.orphanSegments()).length > 0, 60_000, 'there are segments');
    await running.kill();
  } finally {
    await session.query('rollback');
    session.release();
  }
  expect(await service.value('select count(*) from staging.orders')).toBe(1);
  await service.start();
  await service.finished(2);
  expect(await service.value('select count(*) from staging.orders')).toBe(ROWS + 1);
  expect(await service.orphanSegments()).toEqual([]);
});

describe('npm start', () => {
  it.each([
    ['SIGTERM to npm', 'SIGTERM', false],
    ['Ctrl-C, which reaches npm and the service', 'SIGINT', true],
  ] as const)('ends with 0 on %s', async (_what, signal, toGroup) => {
    const service = await Service.create();
    const npm = service.adopt(
      spawn('npm', ['start', '--silent'], { cwd: ROOT, env: service.environment(), detached: true }),
    );
    await npm.untilPrinted('ready');
    if (toGroup) process.kill(-(npm.child.pid ?? 0), signal);
    else npm.child.kill(signal);
    const ended = await npm.ended(10_000);
    expect(ended.stdout).toContain('stopped');
    expect(ended).toMatchObject({ code: 0, signal: null });
  });
});

/** A service that is reading `orders.csv` and will not be done for a long time. */
async function inTheMiddle(): Promise<{ service: Service; running: SluiceProcess }> {
  const service = await Service.create();
  const proxy = await DatabaseProxy.before(service.database.url);
  const running = await service.start({ DATABASE_URL: proxy.url });
  proxy.bytesPerSecond = SLOW;
  await writeLargeCsv(join(service.imports, 'orders.csv'), ROWS);
  const copying = 'select count(*) > 0 from pg_stat_progress_copy where datname = current_database()';
  await eventually(() => service.value<boolean>(copying), 60_000, 'the file is being copied');
  return { service, running };
}

async function expectNothingVisible(service: Service): Promise<void> {
  expect(await service.value("select to_regclass('staging.orders')")).toBeNull();
  expect(await service.value("select count(*) from sluice.loads where status = 'published'")).toBe(0);
}

async function expectLoadedAfterStart(service: Service): Promise<void> {
  await service.start();
  await service.finished(1);
  expect(await service.query('select count(*) as rows, sum(id)::bigint as sum from staging.orders')).toEqual([
    { rows: ROWS, sum: sumOfIds(ROWS) },
  ]);
  expect(await service.orphanSegments()).toEqual([]);
}
