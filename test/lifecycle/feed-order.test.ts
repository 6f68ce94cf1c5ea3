import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { csvText } from '../generated.ts';
import { Engine } from '../pipelines/load/engine.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.open();
});
afterAll(() => engine.close());

let count = 0;
let name = '';
beforeEach(() => {
  name = `feed${++count}`;
});

const day = (n: number) => `2026-01-${String(n).padStart(2, '0')}`;
const fileOf = (n: number) => `${name}_${day(n)}.csv`;

/** Files in the order of their publication. */
async function published(): Promise<string[]> {
  const rows = await engine.query<{ name: string }>(
    `select name from sluice.files where status in ('published', 'superseded') and starts_with(name, $1)
      order by finished_at, file_id`,
    [`${name}_`],
  );
  return rows.map((row) => row.name);
}

it('small files are published behind a large one of an earlier date, in the order of their dates', async () => {
  await engine.reopen({ CONCURRENCY: '2' });
  // The newest was modified first, and the large one last.
  const days = [9, 8, 7, 6, 5, 4, 3, 2];
  const small = days.map((n) => ({ name: fileOf(n), content: csvText(2, 100_000 + 10 * n) }));
  const outcomes = await engine.loadAll([...small, { name: fileOf(1), content: csvText(60_000) }]);
  expect(outcomes.map(({ status }) => status)).toEqual(Array(9).fill('published'));
  const order = await published();
  expect(order[0]).toBe(fileOf(1));
  expect(order).toHaveLength(9);
  const runs = await engine.query<{ name: string }>(
    `select f.name from sluice.files f where starts_with(f.name, $1) order by f.run_id`,
    [`${name}_`],
  );
  expect(runs.map((run) => run.name)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map(fileOf));
});

it('of files that replace all earlier ones, that of the latest date stays', async () => {
  await engine.reopen({ CONCURRENCY: '2' }, [{ name, disposition: 'replace' }]);
  const files = [5, 3, 4, 1, 2].map((n) => ({
    name: fileOf(n),
    content: n === 1 ? csvText(60_000) : csvText(n, 100_000 * n),
  }));
  await engine.loadAll(files);
  expect(await published()).toEqual([1, 2, 3, 4, 5].map(fileOf));
  expect(await engine.value(`select count(*) from staging."${name}"`)).toBe(5);
});

it('the time of day counts', async () => {
  await engine.reopen({ CONCURRENCY: '2' }, [{ name, disposition: 'replace', match: /^\d+_time\.csv$/ }]);
  const times = ['20240105173000', '20240105093000', '20240105120000'];
  await engine.loadAll(
    times.map((time, n) => ({ name: `${time}_time.csv`, content: csvText(n + 1, 1 + 10 * n) })),
  );
  expect(await engine.value(`select count(*) from staging."${name}"`)).toBe(1);
});

it('a file that has failed is out of the way', async () => {
  await engine.reopen({ CONCURRENCY: '2' });
  const outcomes = await engine.loadAll([
    { name: fileOf(3), content: csvText(2) },
    { name: fileOf(1), content: '' },
    { name: fileOf(2), content: csvText(2, 10) },
  ]);
  expect(Object.fromEntries(outcomes.map(({ file, status }) => [file.name, status]))).toEqual({
    [fileOf(1)]: 'failed',
    [fileOf(2)]: 'published',
    [fileOf(3)]: 'published',
  });
  expect(await published()).toEqual([2, 3].map(fileOf));
});

it('a file that is to be tried again holds back the later ones of its feed, and nobody else', async () => {
  await engine.reopen({ CONCURRENCY: '2', STALL_MS: '500', MAX_ATTEMPTS: '3' });
  await engine.loadAll([{ name: `${name}.csv`, content: csvText(1, 7_000) }]);
  const holder = await engine.database.pool.connect();
  let released: Promise<void> | null = null;
  try {
    await holder.query('select pg_advisory_lock(hashtextextended($1, 0))', [`sluice:dataset:${name}`]);
    released = new Promise((resolve) => {
      setTimeout(async () => {
        await holder.query('select pg_advisory_unlock_all()');
        resolve();
      }, 1_500);
    });
    await engine.loadAll([
      { name: fileOf(2), content: csvText(2, 7_010) },
      { name: fileOf(1), content: csvText(2, 7_020) },
      { name: `other_${name}_${day(1)}.csv`, content: csvText(2, 7_030) },
    ]);
  } finally {
    await released;
    holder.release();
  }
  expect((await published()).filter((file) => file !== `${name}.csv`)).toEqual([1, 2].map(fileOf));
  const [first] = await engine.query<{ name: string }>(
    'select name from sluice.files where position($1 in name) > 0 order by finished_at offset 1',
    [name],
  );
  expect(first?.name).toBe(`other_${name}_${day(1)}.csv`);
});

it('many small files of one feed are published in order, whatever their columns', async () => {
  await engine.reopen({ CONCURRENCY: '2' });
  const days = Array.from({ length: 28 }, (_, n) => n + 1);
  const files = days.map((n) => ({
    name: fileOf(n),
    content: n % 7 === 0 ? `id,extra${n}\n${n},x\n` : `id,name\n${n},x\n`,
  }));
  await engine.loadAll(files.toReversed());
  expect(await engine.value(`select count(*) from staging."${name}"`)).toBe(28);
  const order = await published();
  for (const n of [7, 14, 21, 28]) expect(order.indexOf(fileOf(n))).toBe(n - 1);
});
