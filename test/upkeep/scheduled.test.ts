import { expect, it } from 'vitest';
import { eventually, Service } from '../service.ts';

it('the service deletes by its schedule what the rules say, and says so in one line', async () => {
  const service = await Service.create({ KEEP_RECEIPTS: '2d', UPKEEP_SCHEDULE: '* * * * * *' });
  const old = 'exports/receipts/orders.csv.77.json';
  await service.write(old, '{}', 3 * 86_400);
  const process = await service.start();
  await eventually(
    async () => (await service.filesIn('exports')).length === 0,
    20_000,
    'the receipt is gone',
  );
  await process.untilPrinted(/upkeep: 1 receipts/);
});

it('sluice upkeep --plan changes nothing', async () => {
  const service = await Service.create({ KEEP_RECEIPTS: '2d' });
  await service.write('exports/receipts/orders.csv.77.json', '{}', 3 * 86_400);
  const plan = await service.run(['upkeep', '--plan']);
  expect([plan.code, plan.stdout]).toEqual([0, expect.stringMatching(/receipts +1 /)]);
  expect(await service.filesIn('exports')).toHaveLength(1);
  const done = await service.run(['upkeep', '--json']);
  expect(JSON.parse(done.stdout)).toContainEqual(expect.objectContaining({ what: 'receipts', count: 1 }));
  expect(await service.filesIn('exports')).toEqual([]);
});
