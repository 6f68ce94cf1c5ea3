import { expect, test } from 'vitest';
import { buildZip } from '../formats/archive/build-zip.ts';
import { Service } from '../service.ts';

function dumpOf(types: Readonly<Record<string, string>>, rows: readonly string[]): Buffer {
  const described = Object.entries(types).map(([column_name, column_type]) => ({ column_name, column_type }));
  return buildZip([
    { name: 'users.json', content: JSON.stringify(described) },
    { name: 'users.dat', content: [Object.keys(types).join('|'), ...rows].map((row) => `${row}\n`).join('') },
  ]);
}

test('versions tells layout, rows, files and what changed, as the files have it', async () => {
  const service = await Service.create();
  await service.drop(
    'in01/lms_v2.zip',
    dumpOf({ UserID: 'bigint', Level: 'varchar(5)' }, ['1|a', '2|b']),
    30,
  );
  await service.drop('in02/lms_v2.zip', dumpOf({ UserID: 'bigint', Level: 'varchar(5)' }, ['3|c']), 20);
  await service.drop(
    'lms_v1.zip',
    dumpOf({ UserID: 'int', Name: 'nvarchar(9)', Level: 'int' }, ['4|d|7']),
    10,
  );
  expect((await service.run(['once'], { CONCURRENCY: '1' })).code).toBe(0);
  const { stdout } = await service.run(['versions', 'lms_users']);
  expect(stdout).toMatch(
    /lms_users version 1 \(v1\): staging\.lms_users__v1, first run 3\n {2}1 rows, from lms_v1\.zip\n/,
  );
  expect(stdout).toMatch(
    /lms_users version 2 \(v2\): staging\.lms_users__v2, first run 1\n {2}3 rows, from in01\/lms_v2\.zip to in02\/lms_v2\.zip\n/,
  );
  const since = /since version 1: -name, userid integer -> bigint, level integer -> varchar\(5\)\n/;
  expect(stdout).toMatch(since);
  const versions = JSON.parse((await service.run(['versions', '--json'])).stdout);
  expect(versions).toMatchObject([
    { version: 1, label: 'v1', rows: 1, since: null },
    {
      version: 2,
      rows: 3,
      since: {
        version: 1,
        added: [],
        dropped: [{ name: 'name', type: 'varchar(9)' }],
        retyped: [{ name: 'userid' }, { name: 'level', from: 'integer', to: 'varchar(5)' }],
      },
    },
  ]);
});
