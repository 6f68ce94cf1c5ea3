import { expect, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '../database.ts';
import { Service } from '../service.ts';
import { expectNothingLeftOver, killedAfter } from './killed.ts';

it.each([
  ['segment committed', 'failed'],
  ['run published', 'published'],
] as const)('a pull that is killed after «%s» is %s, and nothing is left over', async (step, status) => {
  const source = await createTestDatabase('empty');
  onTestFinished(() => source.drop());
  // More than stays in memory.
  await source.pool.query(
    "create table large as select n as id, repeat('x', 500) as filler from generate_series(1, 20000) n",
  );
  const service = await Service.create({ SOURCE_SHOP_URL: source.url });
  await service.write('sluice.config.ts', "export default { sources: [{ name: 'shop' }] };");
  await killedAfter(service, ['pull', 'shop'], step);
  const [seen] = await service.query<{ rows: string | null }>(
    "select to_regclass('staging.shop_large')::text as rows",
  );
  expect(seen?.rows).toBe(status === 'published' ? 'staging.shop_large' : null);

  const recovered = await service.run(['once']);
  expect(recovered.code, recovered.stderr).toBe(0);
  expect(await service.receipts()).toMatchObject([{ file: 'shop.large', status }]);
  const again = await service.run(['pull', 'shop', '--json']);
  const expected = status === 'published' ? 'duplicate' : 'published';
  expect(JSON.parse(again.stdout).files).toMatchObject([{ name: 'shop.large', status: expected }]);
  expect(await service.value('select count(*) from staging.shop_large')).toBe(20_000);
  await expectNothingLeftOver(service);
});
