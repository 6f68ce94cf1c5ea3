import { expect, it } from 'vitest';
import { DatabaseProxy } from '../database-proxy.ts';
import { csvText } from '../generated.ts';
import { eventually, Service } from '../service.ts';

it('a database that is down at start is waited for, with one line about it', async () => {
  const service = await Service.create();
  const proxy = await DatabaseProxy.before(service.database.url);
  await proxy.cut();
  await service.drop('orders.csv', csvText(3));
  const running = service.spawn(['start'], { DATABASE_URL: proxy.url });
  await running.untilPrinted('DATABASE_UNREACHABLE');
  await proxy.open();
  await service.finished(1);
  expect(await service.value('select count(*) from staging.orders')).toBe(3);
  expect(running.output.match(/DATABASE_UNREACHABLE/g)).toHaveLength(1);
  expect((await running.stop()).code).toBe(0);
});

it('a command tells of a database that is down by its exit code', async () => {
  const service = await Service.create();
  const proxy = await DatabaseProxy.before(service.database.url);
  await proxy.cut();
  await service.drop('orders.csv', csvText(3));
  const ended = await service.run(['once'], { DATABASE_URL: proxy.url });
  expect(ended.code).toBe(4);
  expect(ended.stderr).toMatch(/DATABASE_UNREACHABLE: .*\*\*\*@127\.0\.0\.1/);
  expect(await service.filesIn('imports')).toEqual(['orders.csv']);
});

it('a database that goes away again and again holds files up, with one line each time, and loses none', async () => {
  const service = await Service.create();
  const proxy = await DatabaseProxy.before(service.database.url);
  const running = await service.start({ DATABASE_URL: proxy.url });
  // More often than there are spare connections: each outage must give back what it cost.
  const outages = 6;
  for (let outage = 1; outage <= outages; outage++) {
    proxy.bytesPerSecond = 200_000;
    await service.drop(`large_2026-11-0${outage}.csv`, csvText(20_000, outage * 1_000_000));
    const copying = 'select count(*) > 0 from pg_stat_progress_copy where datname = current_database()';
    await eventually(() => service.value<boolean>(copying), 60_000, 'the file is being copied');
    await proxy.cut();
    await service.drop(`small_2026-11-0${outage}.csv`, csvText(3, outage * 10));
    await eventually(
      () => (running.stdout.match(/ERROR DATABASE_/g)?.length ?? 0) >= outage,
      60_000,
      'it is reported',
    );
    proxy.bytesPerSecond = Number.POSITIVE_INFINITY;
    await proxy.open();
    await service.finished(2 * outage);
  }
  expect(running.stdout.match(/ERROR DATABASE_/g)).toHaveLength(outages);
  expect(running.stdout.match(/the database answers again/g)).toHaveLength(outages);
  expect(await service.value('select count(*) from staging.large')).toBe(20_000 * outages);
  expect(await service.value('select count(*) from staging.small')).toBe(3 * outages);
  expect(await service.value('select max(attempts) from sluice.source_file')).toBeLessThan(5);
  expect((await running.stop()).code).toBe(0);
  expect(await service.orphanSegments()).toEqual([]);
});

it('a service whose line to the database is dead without being cut ends in time', async () => {
  const service = await Service.create();
  const proxy = await DatabaseProxy.before(service.database.url);
  const running = await service.start({ DATABASE_URL: proxy.url });
  proxy.bytesPerSecond = 200_000;
  await service.drop('orders.csv', csvText(50_000));
  const copying = 'select count(*) > 0 from pg_stat_progress_copy where datname = current_database()';
  await eventually(() => service.value<boolean>(copying), 60_000, 'the file is being copied');
  proxy.freeze();
  expect((await running.stop()).code).toBe(0);
});
