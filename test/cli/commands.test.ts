import { join } from 'node:path';
import { expect, it } from 'vitest';
import { killedAfter } from '../crash/killed.ts';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';

it('commands tell by exit code and JSON what became of files', async () => {
  const service = await Service.create();
  await service.write('orders.csv', csvText(3));
  await service.write('empty.csv', '');
  const json = async (code: number, ...args: string[]) => {
    const ended = await service.run([...args, '--json']);
    expect(ended.code, ended.stderr).toBe(code);
    return JSON.parse(ended.stdout);
  };
  const plan = await json(0, 'plan', 'orders.csv');
  expect(plan.jobs).toMatchObject([{ dataset: 'orders', parent: { schema: 'staging', name: 'orders' } }]);
  expect(await service.value("select to_regclass('staging.orders')")).toBeNull();
  expect((await json(0, 'once')).files).toEqual([]);
  const loaded = await json(2, 'load', 'orders.csv', 'empty.csv');
  expect(loaded.files).toHaveLength(2);
  expect(await service.filesIn('imports')).toEqual([]);
  expect(await json(0, 'status')).toMatchObject({ counts: { published: 1, failed: 1 }, waiting: [] });
  expect(JSON.stringify(await json(0, 'runs'))).toContain('FILE_EMPTY');
  const [version] = await json(0, 'versions', 'orders');
  expect(version).toMatchObject({
    versionTable: 'staging.orders__v1',
    firstFile: 'orders.csv',
    lastFile: 'orders.csv',
  });
  expect(version.rows).toBe(await service.value('select count(*) from staging.orders'));
});

it('usage and configuration errors are told before anything is touched', async () => {
  const service = await Service.create();
  const file = await service.write('a file', 'where a folder should be');
  const refused = [
    await service.run(['load', 'missing.csv']),
    await service.run(['load', service.imports]),
    await service.run(['frobnicate']),
    await service.run(['once'], { CONCURRENCY: 'many' }),
    await service.run(['once'], { IMPORTS_DIR: file }),
    await service.run(['once'], { IMPORTS_DIR: '/proc/none/imports' }),
    await service.run(['once'], { IMPORTS_DIR: join(file, 'imports') }),
  ];
  expect(refused.map(({ code }) => code)).toEqual([1, 1, 1, 1, 1, 1, 1]);
  expect(refused[0]?.stderr).toContain('missing.csv');
  expect(refused[3]?.stderr).toMatch(/CONCURRENCY=many is not valid: allowed is/);
  for (const { stderr } of refused.slice(4)) expect(stderr).toContain('FOLDER_UNUSABLE');
  for (const { stdout } of refused) expect(stdout).toBe('');
  expect(await service.statuses()).toEqual([]);
});

it('status says of a load that was killed that nobody works on it, and the next load of the file makes up for it', async () => {
  const service = await Service.create();
  const file = await service.write('orders.csv', csvText(3));
  await killedAfter(service, ['load', file], 'load planned');
  const status = async () => JSON.parse((await service.run(['status', '--json'])).stdout);
  expect((await status()).waiting).toMatchObject([
    { name: 'orders.csv', waitingFor: 'nothing: its run was broken off; load the file again' },
  ]);
  const again = await service.run(['load', file]);
  expect(again.code, again.stdout + again.stderr).toBe(0);
  expect(await status()).toMatchObject({ counts: { published: 1 }, waiting: [] });
});
