import { execFileSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DatabaseProxy } from '../database-proxy.ts';
import { csvText } from '../generated.ts';
import { eventually, Service } from '../service.ts';

it('I7 nobody waits for a poison file: FIFOs and links are left alone, and reported once', async () => {
  const service = await Service.create();
  // More than libuv has threads: opening these would stop every file operation of the process.
  for (let n = 0; n < 6; n++) execFileSync('mkfifo', [join(service.imports, `pipe${n}.csv`)]);
  await symlink('/etc/passwd', join(service.imports, 'link.csv'));
  const running = await service.start();
  await service.drop('orders.csv', csvText(3));
  await service.finished(1);
  expect(await service.value('select count(*) from staging.orders')).toBe(3);
  await service.drop('orders_2026-11-21.csv', csvText(3, 4));
  await service.finished(2);
  expect(running.stdout.match(/NOT_A_REGULAR_FILE/g)).toHaveLength(7);
});

it('I7 nobody waits for a poison file: one that takes very long holds its own slot only', async () => {
  const service = await Service.create({ CONCURRENCY: '2', LANES: '1' });
  const proxy = await DatabaseProxy.before(service.database.url);
  const running = await service.start({ DATABASE_URL: proxy.url });
  await service.drop('endless.csv', csvText(200_000), 60);
  await until(service, "select count(*) = 1 from sluice.source_file where status = 'planned'");
  // Small loads pass in one piece; the long one would take minutes.
  proxy.bytesPerSecond = 50_000;
  for (let n = 0; n < 20; n++) await service.drop(`small${n}.csv`, csvText(3, 1 + 10 * n));
  await service.finished(20);
  const unfinished = (await service.statuses()).filter(({ status }) => status !== 'published');
  expect(unfinished).toMatchObject([{ name: 'endless.csv', status: 'planned' }]);
  expect((await running.stop()).code).toBe(0);
  expect(await service.value("select to_regclass('staging.endless')")).toBeNull();
  expect(await service.filesIn('imports')).toContain('endless.csv');
});

it('I7 nobody waits for a poison file: one that hangs is broken off, tried again, and failed', async () => {
  const service = await Service.create({ CONCURRENCY: '1', STALL_MS: '700', MAX_ATTEMPTS: '2' });
  const holder = await service.database.pool.connect();
  try {
    await holder.query("select pg_advisory_lock(hashtextextended('sluice:dataset:stuck', 0))");
    await service.drop('stuck.csv', csvText(3, 9_001), 60);
    for (let n = 0; n < 5; n++) await service.drop(`small${n}.csv`, csvText(3, 1 + 10 * n));
    const running = await service.start();
    await service.finished(6);
    expect(running.output).toContain('RUN_STALLED: stuck.csv: nothing has moved for 700 ms');
  } finally {
    await holder.query('select pg_advisory_unlock_all()');
    holder.release();
  }
  const failed = (await service.statuses()).filter(({ status }) => status !== 'published');
  expect(failed).toEqual([{ name: 'stuck.csv', status: 'failed', error: 'ATTEMPTS_EXHAUSTED' }]);
  expect((await service.run(['replay', 'stuck.csv'])).code).toBe(0);
});

it('I7 nobody waits for a poison file: a load whose server process hangs is loaded anew, a slow one is left alone', async () => {
  const service = await Service.create({ LANES: '1', STALL_MS: '2500' });
  const proxy = await DatabaseProxy.before(service.database.url);
  const running = await service.start({ DATABASE_URL: proxy.url });
  // Several blocks of a second or more each: longer than a stall in all, but it moves.
  proxy.bytesPerSecond = 8_000_000;
  await service.drop('slow.csv', csvText(300_000));
  await service.finished(1);
  expect(running.output).not.toContain('RUN_STALLED');

  proxy.bytesPerSecond = 2_000_000;
  await service.drop('hung.csv', csvText(200_000));
  const copying = 'select pid from pg_stat_progress_copy where datname = current_database()';
  await eventually(
    async () => (await service.value(copying)) !== undefined,
    60_000,
    'the file is being copied',
  );
  const pid = await service.value<number>(copying);
  process.kill(pid, 'SIGSTOP');
  try {
    await running.untilPrinted('RUN_STALLED: hung.csv');
    proxy.bytesPerSecond = Number.POSITIVE_INFINITY;
    await service.finished(2);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  expect(await service.value('select count(*) from staging.hung')).toBe(200_000);
  expect(await service.statuses()).toMatchObject([{ status: 'published' }, { status: 'published' }]);
});

async function until(service: Service, condition: string): Promise<void> {
  await eventually(() => service.value<boolean>(condition), 60_000, condition);
}
