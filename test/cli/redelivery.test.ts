import { expect, it } from 'vitest';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';

it('sluice replay, release and discard tell by exit code and JSON what became of files', async () => {
  const service = await Service.create();
  await service.write(
    'sluice.config.ts',
    `export default { datasets: [{ name: 'orders', match: 'orders*.csv', redelivery: { changed: 'hold' } }] };`,
  );
  await service.drop('orders.csv', csvText(3));
  expect((await service.run(['once'])).code).toBe(0);
  await service.drop('orders.csv', csvText(2, 7));
  const held = await service.run(['once', '--json']);
  expect([held.code, held.stderr]).toEqual([2, expect.stringMatching(/held orders.csv .*DELIVERY_HELD/)]);
  const [{ runId }] = JSON.parse(held.stdout).files;
  const status = JSON.parse((await service.run(['status', '--json'])).stdout);
  expect(status.waiting).toMatchObject([
    { name: 'orders.csv', runId, status: 'held', waitingFor: expect.stringMatching(/DELIVERY_HELD/) },
  ]);
  // As it is to be typed next.
  await service.query('alter sequence sluice.run_run_id_seq restart with 1234567');

  const discarded = await service.run(['discard', '--json', 'orders.csv']);
  expect(discarded.code, discarded.stderr).toBe(0);
  expect(JSON.parse(discarded.stdout)).toMatchObject({ runId, status: 'discarded' });
  expect(await service.filesIn('imports')).toContain('processed/discarded/orders.csv');
  const none = await service.run(['release', 'orders.csv']);
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('RUN_NOT_HELD')]);

  const replayed = await service.run(['replay', '--json', '1']);
  expect(replayed.code, replayed.stderr).toBe(0);
  expect(JSON.parse(replayed.stdout).files).toMatchObject([
    { status: 'published', loads: [{ rowsLoaded: 3 }] },
    { runId: 1, status: 'superseded' },
  ]);
  expect(await service.value('select count(*) from staging.orders')).toBe(3);

  await service.drop('orders.csv', csvText(4, 20));
  const second = JSON.parse((await service.run(['once', '--json'])).stdout).files[0].runId;
  const shown = new RegExp(`^${second} .* held [^]*\\n\`sluice release RUN\``, 'm');
  expect((await service.run(['status'])).stdout).toMatch(shown);
  expect((await service.run(['release', String(second)])).code).toBe(0);
  const twice = await service.run(['release', String(second)]);
  expect([twice.code, twice.stderr]).toEqual([
    2,
    expect.stringContaining('it is released, and now published'),
  ]);
  expect(await service.value('select count(*) from staging.orders')).toBe(4);
});
