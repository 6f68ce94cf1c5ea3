import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
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

it('sluice retract: tells models that follow from those that are stale, and makes these by choice', async () => {
  const service = await Service.create();
  const model = (schedule: string) =>
    `-- @materialized table\n${schedule}select count(*) as n from {{ staging.orders }}`;
  await service.write('warehouse/total.sql', model(''));
  await service.write('warehouse/monthly.sql', model('-- @schedule 0 3 1 * *\n'));
  await service.write('warehouse/wanted.sql', model('-- @schedule manual\n'));
  await service.write(
    'sluice.config.ts',
    "export default { datasets: [{ name: 'orders', match: 'o*.csv' }] };",
  );
  await service.drop('oa.csv', csvText(3, 1));
  await service.drop('ob.csv', csvText(2, 11));
  expect((await service.run(['once'])).code).toBe(0);
  const made = await service.run(['transform']);
  expect(made.code, made.stderr).toBe(0);
  const [total, monthly, wanted] = ['total', 'monthly', 'wanted'].map((name) => `datawarehouse.${name}`);
  const statuses = async (args: readonly string[]) => {
    const { stdout, stderr } = await service.run([...args, '--json']);
    const shown = JSON.parse(stdout || stderr);
    const models: { relation: string; status: string }[] = shown.models ?? shown.stale;
    return Object.fromEntries(models.map(({ relation, status }) => [relation, status]));
  };
  const [current, stale] = ['current', 'stale'];
  const none = { [`${total}`]: current, [`${monthly}`]: current, [`${wanted}`]: current };
  expect(await statuses(['retract', '--plan', 'oa.csv'])).toEqual(none);
  expect(await statuses(['retract', 'oa.csv'])).toEqual({
    ...none,
    [`${monthly}`]: stale,
    [`${wanted}`]: stale,
  });
  expect(await statuses(['status'])).toEqual({ [`${monthly}`]: stale, [`${wanted}`]: stale });
  const told = (await service.run(['status'])).stdout;
  expect(told).toMatch(/datawarehouse\.monthly +stale +on its schedule, .* \d{4}-\d\d-01 03:00:00 +orders/);
  expect(told).toMatch(/datawarehouse\.wanted +stale +by sluice transform wanted +orders/);
  await service.run(['docs']);
  const page = await readFile(join(service.exports, 'docs/index.html'), 'utf8');
  expect(
    page.match(/>stale<\/span>: orders changed since\. It is made (by command|on its schedule)/g),
  ).toHaveLength(2);

  expect(await statuses(['retract', '--transform', 'ob.csv'])).toEqual(none);
  expect(await service.query('select n from datawarehouse.wanted')).toEqual([{ n: 0 }]);
});
