import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildZip } from '../../formats/archive/build-zip.ts';
import { Engine } from '../load/engine.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.open({ REJECT_LIMIT: 'none' });
});
afterAll(() => engine.close());

const TYPES = { id: 'int', photo: 'image', price: 'money', flag: 'bit', made: 'date' };
const DESCRIPTOR = JSON.stringify(
  Object.entries(TYPES).map(([column_name, column_type]) => ({ column_name, column_type })),
);

/** Loads a dump with one bad record, and its reject file with that record put right. */
async function correct(archive: string, header: string, datasets: Parameters<Engine['reopen']>[1]) {
  await engine.forget();
  await engine.reopen({ REJECT_LIMIT: 'none' }, datasets);
  const data = `${header}1|0x00ff|$5.00|1|2026-01-02\n2|0x1234|$7.50|0|never\n`;
  const zip = buildZip([
    { name: 't.json', content: DESCRIPTOR },
    { name: 't.dat', content: data },
  ]);
  const { runId } = await engine.load(archive, zip);
  const names = await engine.filesIn('exports/rejects');
  const reject = names.find((one) => !one.includes('reasons') && one.includes(`.${runId}.`)) ?? '';
  const bad = await readFile(join(engine.root, 'exports/rejects', reject), 'utf8');
  const outcome = await engine.load(reject, bad.replace('never', '2026-03-04'));
  return { outcome, rows: await engine.query('select * from staging.app_t__v1 order by id') };
}

const HEADER = 'id|photo|price|flag|made\n';
const ROW = { id: 2, price: '7.5000', flag: false };

test.each([
  ['with a header', HEADER],
  ['without a header', ''],
])('a corrected reject of a dump %s is read as the dump was', async (_, header) => {
  const { outcome, rows } = await correct('app_v1.zip', header, []);
  expect(outcome).toMatchObject({ status: 'published', errorMessage: null });
  expect(rows[1]).toMatchObject({ ...ROW, photo: Buffer.from([0x12, 0x34]) });
  expect(Object.keys(await engine.types('app_t')).sort()).toEqual(Object.keys(TYPES).sort());
});

test.each([
  ['with a header', HEADER],
  ['without a header', ''],
])('a column that a dump %s left out does not come back with a corrected reject', async (_, header) => {
  const { outcome, rows } = await correct('app_v1.zip', header, [{ name: 'app_t', binary: 'drop' }]);
  expect(outcome).toMatchObject({ status: 'published', errorMessage: null });
  expect(rows[1]).toMatchObject(ROW);
  expect(Object.keys(await engine.types('app_t')).sort()).toEqual(['flag', 'id', 'made', 'price']);
});
