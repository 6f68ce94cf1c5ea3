import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { renameSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { DatasetConfig } from '../../../src/config/define.ts';
import { Engine } from '../load/engine.ts';

let engine: Engine;
afterEach(() => engine.close());

const REPLACED: DatasetConfig = { name: 'stock', match: 'stock*.csv', disposition: 'replace' };

it.each([
  ['separate', [2, 3]],
  ['shared', [3]],
] as const)(
  'disposition replace with folders %s replaces what its folder has sent',
  async (folders, left) => {
    engine = await Engine.open({}, [{ ...REPLACED, folders }]);
    await engine.load('imports/north/stock_1.csv', 'id\n1\n');
    await engine.load('imports/north/stock_2.csv', 'id\n2\n');
    expect(await engine.load('imports/south/stock_3.csv', 'id\n3\n')).toMatchObject({ status: 'published' });
    const rows = await engine.query<{ id: number }>('select id from staging.stock order by id');
    expect(rows.map(({ id }) => id)).toEqual(left);
  },
);

it('two files of one name that are named together come in the order in which they are named', async () => {
  const redelivery = { sameContent: 'duplicate', changed: 'supersede', by: 'name' } as const;
  engine = await Engine.open({}, [{ name: 'rates', match: 'rates.csv', redelivery }]);
  for (const order of [
    ['a', 'b', 'c'],
    ['c', 'a', 'b'],
  ]) {
    await engine.loadTogether(
      order.map((name) => [`${name}${order[0]}/rates.csv`, `id\n"${name}${order[0]}"\n`]),
    );
    expect(await engine.query('select id from staging.rates')).toEqual([{ id: `${order[2]}${order[0]}` }]);
  }
});

it('I3 once: of copies under names that each would have a dataset of their own, coming at once, one is published', async () => {
  engine = await Engine.open({ CONCURRENCY: '6' });
  // Too large to be read as a group.
  const content = `id,note\n${Array.from({ length: 300 }, (_, id) => `${id},${'x'.repeat(1_000)}\n`).join('')}`;
  const names = ['apple', 'pear', 'plum', 'cherry', 'quince', 'medlar'];
  const outcomes = await engine.loadAll(names.map((name) => ({ name: `${name}.csv`, content })));
  expect(outcomes.map(({ status }) => status).sort()).toEqual([
    ...names.slice(1).map(() => 'duplicate'),
    'published',
  ]);
  expect(await engine.value('select count(*) from sluice.dataset')).toBe(1);
});

const CONTROLLED: DatasetConfig = { name: 'counted', match: 'counted*.csv', complete: { control: true } };

async function deliver(name: string, rows: number): Promise<number> {
  const ids = Array.from({ length: rows }, (_, id) => `${id}\n`).join('');
  await put(`imports/${name}.ctl`, String(rows));
  await put(`imports/${name}.csv.done`, '');
  return (await engine.load(`imports/${name}.csv`, `id\n${ids}`)).runId;
}

async function put(name: string, content: string): Promise<void> {
  const path = join(engine.root, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

it('sidecars are deleted with their file', async () => {
  engine = await Engine.open({ CLEANUP: 'delete' }, [CONTROLLED]);
  await deliver('counted_1', 3);
  expect(await engine.filesIn('imports')).toEqual([]);
});

it('sidecars that a sender puts beside its next file, while the one before is moved, stay with that', async () => {
  engine = await Engine.open({}, [CONTROLLED]);
  const onStep = (message: unknown) => {
    if ((message as { step: string }).step !== 'file linked') return;
    for (const name of ['csv', 'csv.done', 'ctl']) {
      const at = join(engine.root, `imports/counted_1.${name}`);
      writeFileSync(`${at}.part`, 'next');
      renameSync(`${at}.part`, at);
    }
  };
  subscribe('sluice:step', onStep);
  await deliver('counted_1', 3).finally(() => unsubscribe('sluice:step', onStep));
  const next = ['counted_1.csv', 'counted_1.csv.done', 'counted_1.ctl'];
  expect(await engine.filesIn('imports')).toEqual([
    ...next,
    expect.stringMatching(/^processed\/.*counted_1.csv$/),
  ]);
  for (const name of next) expect(await readFile(join(engine.root, 'imports', name), 'utf8')).toBe('next');
});

it('sidecars stay with a file that stays, and it is not taken again', async () => {
  engine = await Engine.open({ CLEANUP: 'keep' }, [CONTROLLED]);
  await deliver('counted_1', 3);
  const kept = ['counted_1.csv', 'counted_1.csv.done', 'counted_1.ctl'];
  expect(await engine.filesIn('imports')).toEqual(kept);
  expect(await engine.register('imports/counted_1.csv')).toEqual([]);
});

it('sidecars go along when a run is retracted and when its file is loaded again', async () => {
  engine = await Engine.open({}, [CONTROLLED]);
  const first = await deliver('counted_1', 3);
  await engine.retract(first);
  const aside = ['counted_1.csv', 'counted_1.csv.done', 'counted_1.ctl'].map(
    (name) => `processed/retracted/${name}`,
  );
  expect(await engine.filesIn('imports')).toEqual(aside);
  const replayed = await engine.replay(first);
  expect(replayed).toMatchObject({ status: 'published' });
  const places = (await engine.filesIn('imports')).map((name) => name.replace(/\d{4}-\d\d-\d\d/, 'DATE'));
  expect(places).toEqual([
    'processed/DATE/counted_1.csv',
    'processed/DATE/counted_1.csv.done',
    'processed/DATE/counted_1.ctl',
  ]);
  expect(await engine.value('select count(*) from staging.counted')).toBe(3);
  await put(`imports/${places[2]?.replace('DATE', new Date().toISOString().slice(0, 10))}`, '4');
  expect(await engine.replay(replayed.runId)).toMatchObject({
    status: 'failed',
    errorCode: 'RECORD_COUNT_MISMATCH',
  });
  expect(await engine.value('select count(*) from staging.counted')).toBe(3);
});
