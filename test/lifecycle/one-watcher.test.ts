import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DatabaseProxy } from '../database-proxy.ts';
import { csvText } from '../generated.ts';
import { eventually, Service } from '../service.ts';

const LOCKED = `select count(*) from pg_locks l join pg_stat_activity a using (pid)
   where l.locktype = 'advisory' and l.mode = 'ExclusiveLock' and a.datname = current_database()`;

it('a second service on a watched folder is refused, also under another path, and before anything is dropped', async () => {
  const service = await Service.create();
  await service.start();
  await service.drop('orders.csv', csvText(3));
  await service.finished(1);
  const link = join(service.root, 'elsewhere');
  await symlink(service.imports, link);
  const second = await service.run(['start'], { DEV: 'true', IMPORTS_DIR: link });
  expect([second.code, second.stderr]).toEqual([
    1,
    expect.stringMatching(/FOLDER_WATCHED: .*connected from/),
  ]);
  expect(await service.value('select count(*) from staging.orders')).toBe(3);
  await service.drop('more_2026-11-21.csv', csvText(2));
  expect((await service.run(['once'])).code).toBe(0);
  await service.finished(2);
});

it('a second service on a folder in a watched one, or around it, is refused, and one beside it is not', async () => {
  const service = await Service.create();
  const [north, south] = ['north', 'south'].map((name) => join(service.imports, name, 'in')) as [
    string,
    string,
  ];
  for (const folder of [north, south]) await mkdir(folder, { recursive: true });
  const link = join(service.root, 'elsewhere');
  await symlink(join(service.imports, 'north'), link);
  const first = await service.start({ IMPORTS_DIR: north });
  await service.start({ IMPORTS_DIR: south });
  for (const IMPORTS_DIR of [link, service.imports]) {
    const around = await service.run(['start'], { IMPORTS_DIR });
    expect([around.code, around.stderr]).toEqual([1, expect.stringMatching(/FOLDER_NESTED: .* below /)]);
  }
  const deeper = join(link, 'in/deeper/still');
  await mkdir(deeper, { recursive: true });
  const inside = await service.run(['start'], { IMPORTS_DIR: deeper });
  expect([inside.code, inside.stderr]).toEqual([1, expect.stringMatching(/FOLDER_NESTED: .* above /)]);
  await first.kill();
  expect((await (await service.start({ IMPORTS_DIR: link })).stop()).code).toBe(0);
});

it('a folder is free again when its service has ended, however that was; another folder is free all the time', async () => {
  const service = await Service.create();
  const first = await service.start();
  const other = join(service.root, 'other');
  await mkdir(other);
  expect((await (await service.start({ IMPORTS_DIR: other })).stop()).code).toBe(0);
  await first.kill();
  expect((await (await service.start()).stop()).code).toBe(0);
  await service.start();
});

it('a service takes its folder again after an outage, and gives way to one that has taken it meanwhile', async () => {
  const service = await Service.create();
  const proxy = await DatabaseProxy.before(service.database.url);
  const first = await service.start({ DATABASE_URL: proxy.url });
  await service.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'sluice'`,
  );
  await eventually(
    async () => (await service.value<number>(LOCKED)) === 2,
    30_000,
    'the folder is taken again',
  );

  await proxy.cut();
  await eventually(async () => (await service.value<number>(LOCKED)) === 0, 30_000, 'the folder is free');
  const second = await service.start();
  await proxy.open();
  await first.untilPrinted('FOLDER_WATCHED');
  expect((await first.ended(30_000)).code).toBe(1);
  await service.drop('orders.csv', csvText(3));
  await service.finished(1);
  expect(second.running).toBe(true);
});
