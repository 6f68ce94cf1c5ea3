import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { findBinaries } from '../../src/db/embedded/binaries.ts';
import { openPool } from '../../src/db/pool.ts';
import { csvText } from '../generated.ts';
import { OwnServer } from '../pipelines/own-server.ts';
import { eventually, Service } from '../service.ts';

/** What tells a program another time; of the Debian package faketime. */
const LIBRARY = libraryIn('/usr/lib');

it.skipIf(LIBRARY === null)(
  'a clock that is set back an hour, of service and server, holds nothing up and loads nothing twice',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-clock-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await chmod(folder, 0o755);
    const clock = join(folder, 'clock');
    const setBack = (by: string) => writeFile(clock, by);
    await setBack('+0');
    const env = {
      ...{ LD_PRELOAD: LIBRARY ?? '', FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1' },
      ...{ FAKETIME_DONT_RESET: '1', DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' },
    };
    const service = await Service.create({ ...env, STALL_MS: '600' });
    const server = await OwnServer.start(dirname((await findBinaries()).postgres), env);
    onTestFinished(() => server.remove());
    const pool = openPool(server.url, { max: 2, applicationName: 'sluice test' });
    onTestFinished(() => pool.end());
    const value = async (sql: string) => Object.values((await pool.query(sql)).rows[0] ?? {})[0];
    const running = await service.start({ DATABASE_URL: server.url });
    await service.drop('orders_2026-01-01.csv', csvText(10));
    await running.untilPrinted('published orders_2026-01-01.csv');

    // A file that is to be tried again in a moment, as the clock says.
    const holder = await pool.connect();
    await holder.query("select pg_advisory_lock(hashtextextended('sluice:dataset:orders', 0))");
    await service.drop('orders_2026-01-02.csv', csvText(10, 100));
    await running.untilPrinted(/orders_2026-01-02\.csv is tried again in/);
    const before = Number(await value('select extract(epoch from clock_timestamp())'));
    await setBack('-1h');
    expect(Number(await value('select extract(epoch from clock_timestamp())'))).toBeLessThan(before - 3_000);
    await holder.query('select pg_advisory_unlock_all()');
    holder.release();
    await running.untilPrinted('published orders_2026-01-02.csv');
    await service.drop('orders_2026-01-03.csv', csvText(10, 200), 3_600);
    await running.untilPrinted('published orders_2026-01-03.csv');
    expect((await running.stop()).code).toBe(0);

    const next = await service.start({ DATABASE_URL: server.url });
    await service.drop('orders_2026-01-04.csv', csvText(10, 300), 3_600);
    await next.untilPrinted('published orders_2026-01-04.csv');
    await eventually(
      async () => (await service.receipts()).length === 4,
      30_000,
      'every file has its receipt',
    );
    expect(Number(await value('select count(distinct id) * 1000 + count(*) from staging.orders'))).toBe(
      40_040,
    );
    expect(next.output).not.toContain('orders_2026-01-03.csv');
    expect((await next.stop()).code).toBe(0);
  },
  120_000,
);

function libraryIn(folder: string): string | null {
  if (process.platform !== 'linux') return null;
  const names = readdirSync(folder).map((name) => join(folder, name, 'faketime/libfaketimeMT.so.1'));
  return names.find((name) => existsSync(name)) ?? null;
}
