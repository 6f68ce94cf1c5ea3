import { expect, it, vi } from 'vitest';
import type { Step } from '../../src/steps.ts';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';
import { expectNothingLeftOver, killedAfter } from './killed.ts';

vi.setConfig({ testTimeout: 180_000 });

/** More than one block, so that there are segments to remove. */
const LARGE_ROWS = 130_000;

async function rowsOf(service: Service, table: string): Promise<number> {
  return service.value<number>(`select count(*) from staging.${table}`);
}

async function once(service: Service): Promise<void> {
  const ended = await service.run(['once']);
  expect(ended.code, ended.stderr).toBe(0);
}

it('retract, killed after any step, has taken back all rows or none, and is made good by the next start', async () => {
  const service = await Service.create({ LANES: '2' });
  const afterwards: readonly Step[] = ['file linked', 'file moved', 'receipt written', 'outcome completed'];
  await service.drop('large.csv', csvText(LARGE_ROWS));
  for (const n of afterwards.keys()) await service.drop(`small${n}.csv`, csvText(20, 1 + n * 100));
  await once(service);
  for (const step of ['rows removed', 'undo recorded', 'segments detached'] as const) {
    await killedAfter(service, ['retract', 'large.csv'], step);
    expect(await rowsOf(service, 'large'), step).toBe(LARGE_ROWS);
  }
  await killedAfter(service, ['retract', 'large.csv'], 'run retracted');
  expect(await rowsOf(service, 'large')).toBe(0);
  for (const [n, step] of afterwards.entries()) {
    await killedAfter(service, ['retract', `small${n}.csv`], step);
    expect(await rowsOf(service, `small${n}`), step).toBe(0);
  }
  await once(service);
  const names = ['large.csv', ...afterwards.map((_, n) => `small${n}.csv`)];
  expect(await service.filesIn('imports')).toEqual(names.map((name) => `processed/retracted/${name}`));
  const receipts = await service.receipts();
  expect(receipts.map(({ status }) => status)).toEqual(names.map(() => 'retracted'));
  await expectNothingLeftOver(service);
});

it('replay, killed after any step, leaves the old rows or the new ones, and is made good by the next start', async () => {
  const service = await Service.create();
  for (const [n, name] of ['a', 'b', 'c'].entries())
    await service.drop(`${name}.csv`, csvText(30, 1 + n * 100));
  await once(service);
  const runs = async (name: string) =>
    (await service.query<{ run: number }>(`select distinct _run_id as run from staging.${name}`)).map(
      ({ run }) => run,
    );
  const [before] = await runs('a');
  const earlier: readonly Step[] = ['replay queued', 'run started', 'earlier runs superseded', 'run ended'];
  for (const step of earlier) {
    await killedAfter(service, ['replay', 'a.csv'], step);
    expect(await runs('a'), step).toEqual([before]);
    expect(await rowsOf(service, 'a'), step).toBe(30);
  }
  for (const [name, step] of [
    ['b', 'run published'],
    ['c', 'receipt written'],
  ] as const) {
    const [old] = await runs(name);
    await killedAfter(service, ['replay', `${name}.csv`], step);
    expect(await runs(name), step).not.toEqual([old]);
    expect(await rowsOf(service, name), step).toBe(30);
  }
  await once(service);
  for (const name of ['a', 'b', 'c']) expect(await rowsOf(service, name), name).toBe(30);
  expect(await runs('a')).not.toEqual([before]);
  const statuses = (await service.statuses()).map(({ name, status }) => `${name} ${status}`).sort();
  expect(statuses).toEqual(
    ['a', 'b', 'c'].flatMap((name) => [`${name}.csv published`, `${name}.csv superseded`]),
  );
  await expectNothingLeftOver(service);
});

it('release and discard, killed right after the decision, are carried out by the next start', async () => {
  const service = await Service.create();
  await service.write(
    'sluice.config.ts',
    "export default { datasets: [{ name: 'stock', match: 'stock*', redelivery: { changed: 'hold' } }] };",
  );
  const names = ['stock_a.csv', 'stock_b.csv', 'stock_c.csv'];
  for (const [n, name] of names.entries()) await service.drop(name, csvText(10, 1 + n * 1_000));
  await once(service);
  for (const [n, name] of names.entries()) await service.drop(name, csvText(11, 101 + n * 1_000));
  expect((await service.run(['once'])).code).toBe(2);
  await killedAfter(service, ['release', 'stock_a.csv'], 'delivery released');
  await killedAfter(service, ['release', '--append', 'stock_b.csv'], 'run published');
  await killedAfter(service, ['discard', 'stock_c.csv'], 'delivery discarded');
  await once(service);
  expect(await rowsOf(service, 'stock')).toBe(11 + 10 + 11 + 10);
  const statuses = (await service.statuses()).map(({ name, status }) => `${name} ${status}`).sort();
  expect(statuses).toEqual([
    ...['stock_a.csv published', 'stock_a.csv superseded', 'stock_b.csv published', 'stock_b.csv published'],
    ...['stock_c.csv discarded', 'stock_c.csv published'],
  ]);
  const files = await service.filesIn('imports');
  expect(files.filter((name) => !/^processed\/(discarded\/stock_c|[\d-]+\/stock_[abc])/.test(name))).toEqual(
    [],
  );
  expect(files).toHaveLength(6);
  await expectNothingLeftOver(service);
});

it('what a killed command has recorded and not carried out, a service that runs carries out', async () => {
  const service = await Service.create();
  await service.drop('orders.csv', csvText(10));
  const running = await service.start();
  await service.finished(1);
  await killedAfter(service, ['replay', 'orders.csv'], 'load planned');
  await running.untilPrinted('superseded orders.csv');
  await killedAfter(service, ['retract', 'orders.csv'], 'run retracted');
  await running.untilPrinted(/retracted .*orders\.csv/);
  expect(await service.filesIn('imports')).toEqual(['processed/retracted/orders.csv']);
  expect((await service.receipts()).map(({ status }) => status)).toEqual(['superseded', 'retracted']);
  expect((await running.stop()).code).toBe(0);
  await expectNothingLeftOver(service);
});
