import { expect, test } from 'vitest';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';

test('plan tells what the contract makes of a file, with the cost of a rewrite, and loading says it before it does it', async () => {
  const service = await Service.create();
  await service.drop('orders_2026-01-01.csv', csvText(2_000));
  await service.write(
    'sluice.config.ts',
    "export default { datasets: [{ name: 'orders', contract: { newColumn: 'discard' } }] };",
  );
  expect((await service.run(['once'])).code).toBe(0);
  const [name = ''] = csvText(0).split('\n');
  const changed = `note,${name}\nx,first${csvText(1).slice(name.length + 2)}`;
  await service.write('orders_2026-01-02.csv', changed);
  const plan = await service.run(['plan', 'orders_2026-01-02.csv']);
  expect(plan.stdout).toMatch(
    /contract newTable evolve, newColumn discard, .*, typeChange evolve, parent widen/,
  );
  expect(plan.stdout).toMatch(/column note of the file is left out: the dataset has no such column/);
  const widening =
    /column id of staging\.orders becomes text \(it is bigint\); Postgres rewrites 2 tables, about 2,000 rows, [\d,]+ bytes/;
  expect(plan.stdout).toMatch(widening);
  const { jobs } = JSON.parse((await service.run(['plan', '--json', 'orders_2026-01-02.csv'])).stdout);
  expect(jobs[0].changes).toContainEqual(
    expect.objectContaining({ kind: 'widenType', cost: expect.objectContaining({ tables: 2, rows: 2_000 }) }),
  );
  const load = await service.run(['load', 'orders_2026-01-02.csv']);
  expect(load.stderr).toMatch(widening);
  expect(load.stderr).toMatch(/published .* \| 1 column left out: note/);
  const [, receipt] = await service.receipts();
  expect(receipt?.loads).toMatchObject([{ columnsDiscarded: ['note'] }]);
});
