import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { csvText } from '../generated.ts';
import { eventually, Service } from '../service.ts';

it('I4 the file outlives the commit: killed between commit and move, the next start moves and loads nothing twice', async () => {
  const service = await Service.create();
  // No folder can be made behind this: the outcome is committed, and cannot be carried out.
  const obstacle = join(service.imports, 'processed');
  await symlink('/dev/null', obstacle);
  await service.drop('orders.csv', csvText(10));
  const running = await service.start();
  await running.untilPrinted('the receipt of orders.csv could not be written');
  expect(await service.statuses()).toMatchObject([{ name: 'orders.csv', status: 'published' }]);
  expect(await service.filesIn('imports')).toEqual(['orders.csv', 'processed']);
  await running.kill();

  await rm(obstacle);
  await service.start();
  await service.finished(1);
  expect(await service.filesIn('imports')).toEqual([expect.stringMatching(/^processed\/.*\/orders\.csv$/)]);
  expect(await service.value('select count(*) from staging.orders')).toBe(10);
  expect(await service.receipts()).toMatchObject([{ file: 'orders.csv', status: 'published' }]);
});

it('I4 the file outlives the commit: killed at any moment, every file is loaded once and moved', {
  timeout: 90_000,
}, async () => {
  const service = await Service.create({ SETTLE_MS: '20' });
  const files = 120;
  for (let n = 0; n < files; n++)
    await service.drop(`feed${n % 5}_2026-${month(n)}.csv`, csvText(3, 1 + n * 10), files - n);
  const finished = () =>
    service.value<number>('select count(*) from sluice.source_file where finished_at is not null');
  for (const after of [5, 20, 45, 70]) {
    const running = await service.start();
    await eventually(async () => (await finished()) >= after, 60_000, `${after} files finished`);
    // Not always at the same step.
    await sleep(after % 7);
    await running.kill();
  }
  await service.start();
  await service.finished(files);
  // A file that was moved while it was registered anew is forgotten again.
  const unfinished = () =>
    service.value<number>('select count(*) from sluice.source_file where finished_at is null');
  await eventually(async () => (await unfinished()) === 0, 60_000, 'no file waits');
  await expectEachLoadedOnce(service, files);
});

function month(n: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(1 + Math.floor(n / 28))}-${two(1 + (n % 28))}`;
}

async function expectEachLoadedOnce(service: Service, files: number): Promise<void> {
  const ids: { id: number }[] = [];
  for (let dataset = 0; dataset < 5; dataset++) {
    ids.push(...(await service.query<{ id: number }>(`select id from staging.feed${dataset}`)));
  }
  const expected = Array.from({ length: files }, (_, n) => [1, 2, 3].map((id) => id + n * 10)).flat();
  expect(ids.map(({ id }) => id).sort((a, b) => a - b)).toEqual(expected);
  expect(new Set((await service.statuses()).map(({ status }) => status))).toEqual(new Set(['published']));
  const left = await service.filesIn('imports');
  expect(left.filter((name) => !name.startsWith('processed/'))).toEqual([]);
  expect(left).toHaveLength(files);
  const receipts = await service.receipts();
  expect(new Set(receipts.map(({ file }) => file)).size).toBe(files);
  for (const { movedTo } of receipts) expect(left).toContain(join(movedTo ?? ''));
}
