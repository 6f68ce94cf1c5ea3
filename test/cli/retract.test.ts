import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';

/** More than one block, so that the rows lie in segments. */
const LARGE = 130_000;

it('sluice retract: plans, refuses what is in the way, takes back, and says so the second time', async () => {
  const service = await Service.create();
  await service.write('warehouse/total.sql', 'select count(*) as n from {{ staging.orders }}');
  await service.drop('north/orders.csv', csvText(3, 1));
  await service.drop('south/orders.csv', csvText(LARGE, 11));
  expect((await service.run(['once'])).code).toBe(0);
  const run = await service.value<number>("select run_id from sluice.source_file where label = 'south'");
  const [segment] = await service.query<{ name: string }>(
    'select unnest(segments) as name from sluice.load_job',
  );
  await service.query(`create view public.peek as select id from staging_segments.${segment?.name}`);
  await service.query('create view public.all_orders as select id from staging.orders');

  const ambiguous = await service.run(['retract', 'orders.csv']);
  expect([ambiguous.code, ambiguous.stderr]).toEqual([2, expect.stringContaining('RUN_AMBIGUOUS')]);
  const plan = JSON.parse((await service.run(['retract', '--plan', '--json', 'south/orders.csv'])).stdout);
  expect(plan).toMatchObject({
    ...{ runId: run, rows: LARGE, corrections: [] },
    dependents: [
      { name: 'model datawarehouse.total', table: 'staging.orders', effect: 'reads' },
      { name: 'view all_orders', table: 'staging.orders', effect: 'reads' },
      { name: 'view peek', table: `staging_segments.${segment?.name}`, effect: 'blocks' },
    ],
  });
  const blocked = await service.run(['retract', String(run)]);
  expect([blocked.code, blocked.stderr]).toEqual([
    2,
    expect.stringMatching(/RETRACT_BLOCKED.*view peek depends on/),
  ]);
  expect(await service.value('select count(*) from staging.orders')).toBe(LARGE + 3);

  await service.query('drop view public.peek');
  const done = await service.run(['retract', '--json', 'south/orders.csv']);
  expect(done.code).toBe(0);
  expect(JSON.parse(done.stdout)).toMatchObject({
    runId: run,
    rows: LARGE,
    tables: [{ table: 'staging.orders__v1' }],
  });
  expect(await service.value('select count(*) from staging.orders')).toBe(3);
  const aside = expect.stringMatching(/^processed\/retracted\/orders\.(\d\.)?csv$/);
  expect(await service.filesIn('imports')).toContainEqual(aside);
  expect(await service.receipts()).toContainEqual(
    expect.objectContaining({ runId: run, status: 'retracted', movedTo: aside }),
  );
  const again = await service.run(['retract', 'south/orders.csv']);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('RUN_RETRACTED')]);
});

it('sluice retract: a move that could not be made is made at the next start', async () => {
  const service = await Service.create();
  await service.drop('orders.csv', csvText(3));
  expect((await service.run(['once'])).code).toBe(0);
  const obstacle = join(service.imports, 'processed/retracted');
  await symlink('/dev/null', obstacle);
  const delayed = await service.run(['retract', 'orders.csv']);
  expect([delayed.code, delayed.stderr]).toEqual([2, expect.stringContaining('OUTCOME_NOT_WRITTEN')]);
  expect(await service.value('select count(*) from staging.orders')).toBe(0);
  await rm(obstacle);
  await mkdir(obstacle);
  expect((await service.run(['once'])).code).toBe(0);
  expect(await service.filesIn('imports')).toEqual(['processed/retracted/orders.csv']);
  expect(await service.statuses()).toMatchObject([{ name: 'orders.csv', status: 'retracted' }]);
});
