import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';

const NAMES: readonly (readonly [name: Buffer, dataset: string])[] = [
  [Buffer.from('with space & (brackets).csv'), 'with_space_brackets'],
  [Buffer.from('new\nline.csv'), 'new_x0aline'],
  [Buffer.from('quote"\'; drop schema sluice cascade; --.csv'), 'quote_drop_schema_sluice_cascade'],
  [Buffer.from('%s$(touch hacked)`id`\\x00.csv'), 's_touch_hacked_id_x00'],
  [Buffer.from('🎉.csv'), 'unnamed_'],
  [Buffer.from('-rf.csv'), 'rf'],
  [Buffer.from('Grüße.csv'), 'grüße'],
  [Buffer.from(`${'long'.repeat(62)}a.csv`), 'longlong'],
  [Buffer.from(`${'long'.repeat(62)}b.csv`), 'longlong'],
  [Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('raw.csv')]), 'xff_xferaw'],
];

it('I8 names are data: no file name becomes SQL or a path, and no two become one table', async () => {
  const service = await Service.create();
  mkdirSync(`${service.imports}/sub`);
  for (const [at, [name]] of NAMES.entries()) {
    for (const [half, folder] of ['', 'sub/'].entries()) {
      writeFileSync(
        Buffer.concat([Buffer.from(`${service.imports}/${folder}`), name]),
        csvText(2, 1 + at * 10 + half * 5),
      );
    }
  }
  const ended = await service.run(['once', '--json']);
  expect(ended.code).toBe(0);
  const loads = await service.query<{ dataset: string; ids: number[] }>(
    'select dataset, array_agg(run_id) as ids from sluice.loads group by dataset',
  );
  expect(loads).toHaveLength(NAMES.length);
  for (const { ids } of loads) expect(ids).toHaveLength(2);
  const datasets = loads.map(({ dataset }) => dataset);
  for (const [, start] of NAMES)
    expect(
      datasets.filter((dataset) => dataset.startsWith(start)),
      `${start} of ${datasets}`,
    ).not.toEqual([]);
  const receipts = await service.filesIn('exports');
  expect(receipts).toHaveLength(2 * NAMES.length);
  for (const receipt of await service.receipts()) expect(receipt).toMatchObject({ status: 'published' });
  const left = await service.filesIn('imports');
  expect(left.filter((name) => !name.startsWith('processed/'))).toEqual([]);
  expect(new Set(left).size).toBe(2 * NAMES.length);
});
