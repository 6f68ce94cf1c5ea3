import { execFileSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { DatabaseProxy } from '../database-proxy.ts';
import { csvText } from '../generated.ts';
import { eventually, Service } from '../service.ts';

// Several processes each, perhaps on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

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

async function until(service: Service, condition: string): Promise<void> {
  await eventually(() => service.value<boolean>(condition), 60_000, condition);
}
