import { expect, it } from 'vitest';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';

it('I3 once: of two identical files that arrive at the same moment one is published', async () => {
  const service = await Service.create({ CONCURRENCY: '4' });
  const pairs = [1, 50, 60_000, 3, 120_000, 700];
  for (const [at, rows] of pairs.entries()) {
    const content = csvText(rows, 1 + at * 1_000_000);
    // The same age: neither is first.
    for (const day of [10, 11]) await service.drop(`feed${at}_2026-11-${day}.csv`, content, 60);
  }
  const ended = await service.run(['once', '--json']);
  expect(ended.code).toBe(0);
  const { files } = JSON.parse(ended.stdout) as {
    files: { name: string; status: string; errorMessage: string }[];
  };
  for (const [at, rows] of pairs.entries()) {
    const pair = files.filter((file) => file.name.startsWith(`feed${at}_`));
    expect(pair.map((file) => file.status).sort()).toEqual(['duplicate', 'published']);
    const [published, duplicate] = pair.sort((a, b) => (a.status < b.status ? 1 : -1));
    expect(duplicate?.errorMessage).toContain(`the same content as ${published?.name}`);
    expect(await service.value(`select count(*) from staging.feed${at}`)).toBe(rows);
  }
  expect(await service.orphanSegments()).toEqual([]);
});

it('I3 once: content is published again when it is asked for', async () => {
  const service = await Service.create();
  await service.write('orders.csv', csvText(5));
  const load = (...args: string[]) => service.run(['load', '--json', ...args, 'orders.csv']);
  const results = [await load(), await load(), await load('--again')];
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
  const statuses = results.map(({ stdout }) => JSON.parse(stdout).files[0].status);
  expect(statuses).toEqual(['published', 'duplicate', 'published']);
  expect(await service.value('select count(*) from staging.orders')).toBe(10);
});
