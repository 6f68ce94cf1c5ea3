import { expect, it } from 'vitest';
import { STEPS } from '../../src/steps.ts';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';
import { expectNothingLeftOver, killedAfter } from './killed.ts';

/** More than one block, so that the rows lie in segments. */
const LARGE = 130_000;

it('killed at any step of a compaction or a retract: every row is there once, and nothing is left over', async () => {
  const service = await Service.create({ LANES: '2' });
  await service.drop('orders_2026-11-01.csv', csvText(LARGE, 1));
  await service.drop('orders_2026-11-02.csv', csvText(LARGE, 1 + LARGE));
  expect((await service.run(['once'])).code).toBe(0);
  const ids = 'select count(*) as rows, count(distinct id) as different from staging.orders';
  for (const step of STEPS.compact) {
    await killedAfter(service, ['compact', '--json'], step);
    expect(await service.query(ids), step).toEqual([{ rows: 2 * LARGE, different: 2 * LARGE }]);
    await expectClean(service);
  }
  const tables = "select count(*) from pg_class where relnamespace = 'staging_segments'::regnamespace";
  // The last one was killed after its commit.
  expect(await service.value(`${tables} and relkind = 'r'`)).toBe(1);
  const third = await service.drop('orders_2026-11-03.csv', csvText(LARGE, 1 + 2 * LARGE));
  expect((await service.run(['once'])).code, third).toBe(0);
  await killedAfter(service, ['retract', 'orders_2026-11-03.csv'], 'run retracted');
  expect(await service.query(ids)).toEqual([{ rows: 2 * LARGE, different: 2 * LARGE }]);
  await expectClean(service);
});

/** After the next start. */
async function expectClean(service: Service): Promise<void> {
  expect((await service.run(['once'])).code).toBe(0);
  await expectNothingLeftOver(service);
}
