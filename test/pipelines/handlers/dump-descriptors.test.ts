import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatasetConfig } from '../../../src/config/define.ts';
import { buildZip, type ZipSpec } from '../../formats/archive/build-zip.ts';
import { Engine } from '../load/engine.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.open();
});
afterAll(() => engine.close());

const GOOD = '[{"column_name":"id","column_type":"varchar(9)"}]';
const DATA: ZipSpec = { name: 'users.dat', content: 'id|n\n007|x\n' };

test.each([
  ['without the keys of one', '[{"field":"id","kind":"int"}]', 'element 1 has no column_name'],
  ['that lists nothing', '[]', 'it lists no column'],
  ['that is an object without a list', '{"rows":3}', 'it is not a list of columns'],
  ['that is broken', '[{"column_name":"id",', 'line 1, column'],
  ['that is no JSON at all', 'id int', 'line 1, column 1'],
  ['that is empty', '', 'line 1, column 1'],
  ['that is too large', ' '.repeat(4 * 1024 * 1024 + 1), 'larger than 4 MB'],
])('a descriptor %s fails its archive, by name, however its data is called', async (_, json, reason) => {
  for (const [at, data] of [DATA, { ...DATA, name: 'Users.CSV' }].entries()) {
    const outcome = await engine.load(
      `app_v${at}.zip`,
      buildZip([{ name: 'users.json', content: json }, data]),
    );
    expect(outcome).toMatchObject({ status: 'failed', errorCode: 'DESCRIPTOR_INVALID' });
    expect(outcome.errorMessage).toContain(`app_v${at}.zip/users.json`);
    expect(outcome.errorMessage).toContain(reason);
  }
  expect(await engine.query("select from sluice.versions where dataset ~ 'users'")).toEqual([]);
});

test('an unusable or damaged descriptor fails its own table alone where the dataset says so', async () => {
  const datasets: DatasetConfig[] = ['users', 'roles', 'kinds'].map((table) => ({
    ...{ name: `lms_${table}`, archive: 'per-entry' },
  }));
  await engine.reopen({}, datasets);
  const zip = buildZip([
    ...['users', 'roles', 'kinds', 'sound'].map((name) => ({ ...DATA, name: `${name}.dat` })),
    { name: 'users.json', content: '[]' },
    { name: 'roles.json', content: GOOD, crc32: 1 },
    { name: 'kinds.json', content: GOOD.replace('varchar(9)', 'hologram') },
    { name: 'sound.json', content: GOOD },
  ]);
  const { status, loads } = await engine.load('lms_v1.zip', zip);
  expect(status).toBe('published');
  expect(Object.fromEntries(loads.map((load) => [load.entryName, load.errorCode]))).toEqual({
    'users.dat': 'DESCRIPTOR_INVALID',
    'roles.dat': 'ENTRY_CRC_MISMATCH',
    'kinds.dat': 'TYPE_UNKNOWN',
    'sound.dat': null,
  });
});

test('JSON of another name does not make a dump of an archive of plain files', async () => {
  const config = '{"name":"people","resources":[{"path":"people.csv"}]}';
  const people = { name: 'people.csv', content: 'id,name\n1,Ada\n' };
  const zip = buildZip([people, { name: 'datapackage.json', content: config }]);
  expect(await engine.load('day1.zip', zip)).toMatchObject({
    status: 'failed',
    errorCode: 'FILE_UNSUPPORTED',
  });
  await writeFile(join(engine.root, 'sluice.config.mjs'), "export default { archive: 'per-entry' };");
  await engine.reopen();
  const { status, loads } = await engine.load('day2.zip', zip);
  expect([status, ...loads.map((load) => load.errorCode)]).toEqual(['published', 'FILE_UNSUPPORTED', null]);
  expect(loads.map((load) => load.dataset)).toContain('people');
});
