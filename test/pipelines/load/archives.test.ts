import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildZip } from '../../formats/archive/build-zip.ts';
import { Service } from '../../service.ts';

test('corrected rejects of an entry join that entry, also when names of two would be the same', async () => {
  const service = await Service.create({ REJECT_LIMIT: 'none' });
  const content = (last: string) => `id,name\n1,Ada\n2\n3,${last}\n`;
  await service.drop(
    'day.zip',
    buildZip([
      { name: 'a/stations.csv', content: content('Chur') },
      { name: 'a_stations.csv', content: content('Davos') },
    ]),
  );
  expect((await service.run(['once'])).code).toBe(3);
  const folder = join(service.exports, 'rejects');
  const names = ['day.zip.a_stations.csv.1.csv', 'day.zip.a_stations.csv~2.1.csv'];
  expect((await readdir(folder)).filter((name) => !name.includes('reasons')).sort()).toEqual(names);
  const reject = await readFile(join(folder, names[1] as string), 'utf8');
  await service.drop(names[1] as string, reject.replace('2\n', '2,Grace\n'));
  expect((await service.run(['once'])).code).toBe(0);
  const rows = await service.query('select name from staging.a_stations where id = 2 and _run_id = 1');
  expect(rows).toEqual([{ name: 'Grace' }]);
  expect(await service.query('select entry_name from sluice.rejects')).toEqual([
    { entry_name: 'a/stations.csv' },
  ]);
});

test('many entries of one dataset, small and large, in one transaction', async () => {
  const service = await Service.create();
  const lines = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => `${from + at},name ${from + at},2026-01-01\n`).join('');
  const specs = Array.from({ length: 60 }, (_, at) => ({
    name: `readings_2026-01-${at}.csv`.replace('2026', String(2000 + at)),
    content: `id,name,day\n${lines(at * 1000, at === 30 ? 250_000 : 100)}`,
  }));
  await service.drop('all.zip', buildZip(specs));
  expect((await service.run(['once'])).code).toBe(0);
  const [sums] = await service.query<{ rows: number; runs: number }>(
    'select sum(rows_loaded)::int as rows, count(*)::int as runs from sluice.loads',
  );
  expect(sums).toEqual({ rows: 59 * 100 + 250_000, runs: 60 });
});
