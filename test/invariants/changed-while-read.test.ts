import { appendFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DatabaseProxy } from '../database-proxy.ts';
import { csvRecords, csvText } from '../generated.ts';
import { eventually, Service } from '../service.ts';

/** About 6 MB: more than one block, so that it is read while it is copied. */
const ROWS = 150_000;

it('I9 what changed while it was read is not published: a file that grows is loaded when it has settled', async () => {
  const { service, file } = await slowLoad();
  await appendFile(file, csvRecords(ROWS + 1, 10));
  await service.finished(1);
  expect(await ids(service)).toEqual({ rows: ROWS + 10, largest: ROWS + 10 });
  expect(await service.statuses()).toEqual([{ name: 'orders.csv', status: 'published', error: null }]);
  expect(await service.orphanSegments()).toEqual([]);
});

it('I9 what changed while it was read is not published: a file put in its place is loaded instead', async () => {
  const { service, file } = await slowLoad();
  await service.drop('.other', csvText(20, 5_000_001));
  await rename(join(service.imports, '.other'), file);
  await service.finished(1);
  expect(await ids(service)).toEqual({ rows: 20, largest: 5_000_020 });
});

it('I9 what changed while it was read is not published: a file that vanishes fails', async () => {
  const { service, file } = await slowLoad();
  await rm(file);
  await service.finished(1);
  expect(await service.statuses()).toEqual([
    { name: 'orders.csv', status: 'failed', error: 'FILE_VANISHED' },
  ]);
  expect(await service.value("select to_regclass('staging.orders')")).toBeNull();
  expect(await service.receipts()).toMatchObject([{ file: 'orders.csv', status: 'failed', movedTo: null }]);
});

/** A service in the middle of reading `orders.csv`. The line to the database is slow until then. */
async function slowLoad(): Promise<{ service: Service; file: string }> {
  const service = await Service.create();
  const proxy = await DatabaseProxy.before(service.database.url);
  await service.start({ DATABASE_URL: proxy.url });
  proxy.bytesPerSecond = 4_000_000;
  const file = await service.drop('orders.csv', csvText(ROWS));
  await eventually(
    async () =>
      (await service.value<number>(
        'select count(*) from pg_stat_progress_copy where datname = current_database()',
      )) > 0,
    60_000,
    'the file is being copied',
  );
  setTimeout(() => {
    proxy.bytesPerSecond = Number.POSITIVE_INFINITY;
  }, 500);
  return { service, file };
}

async function ids(service: Service): Promise<unknown> {
  const [row] = await service.query('select count(*) as rows, max(id) as largest from staging.orders');
  return row;
}
