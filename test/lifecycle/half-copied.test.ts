import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { csvRecords, csvText } from '../generated.ts';
import { eventually, Service } from '../service.ts';

/** More than one block, so that the rows lie in segments. */
const LARGE = 130_000;

it.each([
  ['moved away', 'archive', 1_000, 500],
  ['left in place', 'keep', 1_000, 500],
  ['moved away, large', 'archive', LARGE, 20_000],
] as const)(
  'a half-copied file, %s, becomes the whole file once its writer goes on',
  async (_kind, CLEANUP, first, rest) => {
    const service = await Service.create({ CLEANUP, LANES: '2' });
    await service.start();
    const whole = csvText(first) + csvRecords(first + 1, rest);
    // It pauses in the middle of a record.
    const cut = csvText(first).length + 3;
    const writer = await open(join(service.imports, 'orders.csv'), 'w');
    try {
      await writer.write(whole.slice(0, cut));
      await service.finished(1);
      await writer.write(whole.slice(cut));
      // On a busy machine a single write may look like several.
      let seen: readonly string[] = [];
      const isWhole = async () => {
        seen = (await service.statuses()).map(({ status }) => status);
        return seen.at(-1) === 'published' && (await rowsOf(service)) === first + rest;
      };
      await eventually(isWhole, 60_000, 'the whole file is published', () => seen.join());
    } finally {
      await writer.close();
    }
    await service.finished(await service.value<number>('select count(*) from sluice.source_file'));
    expect(await service.query('select count(*) as n, sum(id) as sum from staging.orders')).toEqual([
      { n: first + rest, sum: String(((first + rest) * (first + rest + 1)) / 2) },
    ]);
    const runs = await service.query<{ status: string }>('select status from sluice.run order by run_id');
    expect(runs.at(-1)).toEqual({ status: 'published' });
    expect(runs.slice(0, -1)).toEqual(runs.slice(1).map(() => ({ status: 'superseded' })));
    const place =
      CLEANUP === 'keep' ? 'orders.csv' : expect.stringMatching(/^processed\/[\d-]+\/orders\.csv$/);
    expect(await service.filesIn('imports')).toEqual([place]);
    expect((await service.filesIn('exports')).filter((name) => name.startsWith('rejects/'))).toEqual([]);
    expect(await service.orphanSegments()).toEqual([]);
  },
);

it('a half-copied file that was failed, or grew while nobody looked, is taken again', async () => {
  const service = await Service.create();
  const writer = await open(join(service.imports, 'orders.csv'), 'w');
  try {
    await writer.write('id,name,amount\n1,"a",1\n2,"b');
    expect((await service.run(['once'])).code).not.toBe(0);
    expect(await service.filesIn('imports')).toEqual(['failed/orders.csv']);
    await writer.write('",2\n3,"c",3\n');
  } finally {
    await writer.close();
  }
  expect((await service.run(['once'])).code).toBe(0);
  expect(await service.query('select id, name from staging.orders order by id')).toEqual([
    { id: 1, name: 'a' },
    { id: 2, name: 'b' },
    { id: 3, name: 'c' },
  ]);
  expect(await service.filesIn('imports')).toEqual([expect.stringMatching(/^processed\/.*orders\.csv$/)]);
});

function rowsOf(service: Service): Promise<number> {
  return service.value<number>('select count(*) from staging.orders');
}

it.each(['file linked', 'file moved', 'receipt written'])(
  'a half-copied file that grows after a crash right after «%s» is taken again',
  async (step) => {
    const service = await Service.create();
    const killer = pathToFileURL(join(import.meta.dirname, '../crash/kill-at.mjs')).href;
    const writer = await open(join(service.imports, 'orders.csv'), 'w');
    try {
      await writer.write(csvText(50));
      const killed = await service.run(['once'], { NODE_OPTIONS: `--import=${killer}`, KILL_AT: step });
      expect(killed.signal).toBe('SIGKILL');
      await writer.write(csvRecords(51, 30));
    } finally {
      await writer.close();
    }
    await service.start();
    await eventually(async () => (await rowsOf(service)) === 80, 60_000, 'the whole file is published');
    await service.finished(await service.value<number>('select count(*) from sluice.source_file'));
    expect(await service.value('select count(distinct id) from staging.orders')).toBe(80);
    expect(await service.filesIn('imports')).toEqual([expect.stringMatching(/^processed\//)]);
  },
);

it.each(['archive', 'keep'])(
  'a file that grows between its last byte and its publication is taken again (%s)',
  async (CLEANUP) => {
    const service = await Service.create({ CLEANUP });
    const holder = await service.database.pool.connect();
    const writer = await open(join(service.imports, 'orders.csv'), 'w');
    try {
      await holder.query("select pg_advisory_lock(hashtextextended('sluice:dataset:orders', 0))");
      await writer.write(csvText(50));
      await service.start();
      const loaded = "select count(*) = 1 from sluice.source_file where status = 'loaded'";
      await eventually(() => service.value<boolean>(loaded), 60_000, 'the file is loaded');
      await writer.write(csvRecords(51, 30));
      // The watcher sees it settle once more, and offers it while it is still worked on.
      await sleep(1_000);
    } finally {
      await writer.close();
      await holder.query('select pg_advisory_unlock_all()');
      holder.release();
    }
    await service.finished(1);
    await eventually(async () => (await rowsOf(service)) === 80, 60_000, 'the whole file is published');
    await service.finished(2);
    expect(await service.value('select count(distinct id) from staging.orders')).toBe(80);
  },
);
