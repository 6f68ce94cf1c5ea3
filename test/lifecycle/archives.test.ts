import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { DatabaseProxy } from '../database-proxy.ts';
import { buildZip } from '../formats/archive/build-zip.ts';
import { csvText } from '../generated.ts';
import { eventually, Service } from '../service.ts';

const TYPES = { id: 'int', name: 'varchar(40)', amount: 'decimal(12,2)' };
const descriptor = JSON.stringify(
  Object.entries(TYPES).map(([tbl_col, col_type]) => ({ tbl_col, col_type })),
);

/** A dump of `rows` records of one table, with ids from `from` on. */
function dumpOf(rows: number, from: number): Buffer {
  return buildZip([
    { name: 't.json', content: descriptor },
    { name: 't.csv', content: csvText(rows, from), method: 0 },
  ]);
}

const SUMS =
  'select count(*)::int as rows, count(distinct id)::int as ids, max(id)::int as last from staging.app_t';

it('many archives that come at once, and two that are written slowly, are loaded when they are whole', async () => {
  const service = await Service.create();
  await service.start({ CONCURRENCY: '3' });
  const slow = dumpOf(50, 5_001);
  const allocated = dumpOf(50, 5_051);
  const writers = [await open(join(service.imports, 'app_v1.zip'), 'w')];
  writers.push(await open(join(service.imports, 'app_v2.zip'), 'w'));
  // Its size never changes again; the list of its entries comes last.
  await writers[1]?.truncate(allocated.length);
  for (let part = 0; part < 4; part++) {
    for (const [at, content] of [slow, allocated].entries()) {
      const size = Math.ceil(content.length / 4);
      await writers[at]?.write(
        content,
        part * size,
        Math.min(size, content.length - part * size),
        part * size,
      );
    }
    for (let at = 0; at < 12 && part < 3; at++)
      await service.drop(`in${part}_${at}/app_v${1 + (at % 3)}.zip`, dumpOf(10, (part * 12 + at) * 10 + 1));
    // Longer than it takes a file to settle.
    await sleep(400);
  }
  for (const writer of writers) await writer.close();
  for (let at = 36; at < 50; at++) await service.drop(`in3_${at}/app_v3.zip`, dumpOf(10, at * 10 + 1));
  await service.finished(52);
  expect(new Set((await service.statuses()).map(({ status }) => status))).toEqual(new Set(['published']));
  expect(await service.query(SUMS)).toEqual([{ rows: 600, ids: 600, last: 5_100 }]);
  expect(await service.query('select label from sluice.versions order by 1')).toHaveLength(3);
});

it('an archive that is replaced while it is read is not published: the other is', async () => {
  const service = await Service.create();
  const proxy = await DatabaseProxy.before(service.database.url);
  await service.start({ DATABASE_URL: proxy.url });
  proxy.bytesPerSecond = 4_000_000;
  const file = await service.drop('app_v1.zip', dumpOf(250_000, 1));
  await eventually(
    async () =>
      (await service.value<number>(
        'select count(*) from pg_stat_progress_copy where datname = current_database()',
      )) > 0,
    60_000,
    'the archive is being copied',
  );
  await service.drop('.other', dumpOf(20, 5_000_001));
  await rename(join(service.imports, '.other'), file);
  proxy.bytesPerSecond = Number.POSITIVE_INFINITY;
  await service.finished(1);
  expect(await service.query(SUMS)).toEqual([{ rows: 20, ids: 20, last: 5_000_020 }]);
  expect(await service.orphanSegments()).toEqual([]);
});
