import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { csvText } from '../generated.ts';
import { eventually, Service } from '../service.ts';

const CONFIG = `import { defineConfig, defineDataset } from 'sluice';
export default defineConfig({ datasets: [
  defineDataset({ name: 'marked', complete: { marker: true } }),
  defineDataset({ name: 'own', complete: { marker: '.ok' } }),
  defineDataset({ name: 'summed', complete: { checksum: 'required' } }),
  defineDataset({ name: 'counted', complete: { control: { field: 'record_count' } } }),
  defineDataset({ name: 'hopeless', complete: { control: true, waitMs: 1500 } }),
] });
`;

interface Waiting {
  readonly path: string;
  readonly status: string;
  readonly waitingFor: string;
}

async function waitingIn(service: Service): Promise<Record<string, string>> {
  const { stdout } = await service.run(['status', '--json']);
  const { waiting } = JSON.parse(stdout) as { waiting: Waiting[] };
  return Object.fromEntries(waiting.map(({ path, waitingFor }) => [path, waitingFor]));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

it('files wait for what has to lie beside them, status says for what, and sidecars go with their file', async () => {
  const service = await Service.create();
  await service.write('sluice.config.ts', CONFIG);
  await service.start();
  for (const name of ['marked', 'own', 'summed', 'counted']) await service.drop(`${name}.csv`, csvText(5));
  await service.drop('wrong.csv.md5', `${'0'.repeat(32)}  wrong.csv\n`);
  await service.drop('wrong.csv', csvText(6));
  await service.drop('hopeless.ctl', '7');
  await service.drop('hopeless.csv', csvText(8));
  await service.drop('free.csv', csvText(9));
  await service.finished(2);
  const statuses = (await service.statuses()).sort((a, b) => a.name.localeCompare(b.name));
  expect(statuses.filter(({ name }) => name !== 'counted.csv')).toEqual([
    { name: 'free.csv', status: 'published', error: null },
    { name: 'hopeless.csv', status: 'failed', error: 'RECORD_COUNT_MISMATCH' },
  ]);
  await service.drop('counted.ctl', 'file;record_count\ncounted.csv;6\n');
  const isHeldBack = async () =>
    /its control file says 6/.test((await waitingIn(service))['counted.csv'] ?? '');
  await eventually(isHeldBack, 30_000, 'the wrong count is seen');
  expect(await waitingIn(service)).toEqual({
    'marked.csv': 'its marker (.done or .ready) is not there',
    'own.csv': 'its marker (.ok) is not there',
    'summed.csv': 'its checksum (.sha256 or .md5) is not there',
    'wrong.csv': 'its checksum is not the one in its .md5 file',
    'counted.csv': 'counted.csv holds 5 records; its control file says 6',
  });
  await service.drop('marked.csv.ready', '');
  await service.drop('own.csv.ok', '');
  await service.drop('summed.csv.sha256', `${sha256(csvText(5))} *summed.csv\n`);
  await service.drop('counted.ctl', 'file;record_count\ncounted.csv;0005\n');
  await service.drop('wrong.csv', csvText(7));
  await service.drop(
    'wrong.csv.md5',
    `MD5 (wrong.csv) = ${createHash('md5').update(csvText(7)).digest('hex')}\n`,
  );
  await service.finished(7);
  expect(await waitingIn(service)).toEqual({});
  const places = (await service.filesIn('imports')).map((name) => name.replace(/^processed\/[\d-]+\//, ''));
  expect(places.sort()).toEqual([
    ...['counted.csv', 'counted.ctl', 'failed/hopeless.csv', 'failed/hopeless.ctl', 'free.csv', 'marked.csv'],
    ...[
      'marked.csv.ready',
      'own.csv',
      'own.csv.ok',
      'summed.csv',
      'summed.csv.sha256',
      'wrong.csv',
      'wrong.csv.md5',
    ],
  ]);
  expect(await service.value('select count(*) from staging.wrong')).toBe(7);
});

it('once leaves what is not complete and not old, and fails what is; load does not wait', async () => {
  const service = await Service.create();
  await service.write('sluice.config.ts', CONFIG);
  await service.drop('marked.csv', csvText(5));
  await service.drop('counted.csv', csvText(5), 120);
  const ended = await service.run(['once']);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(/FILE_LEFT: .*marked\.csv is not complete .*its marker/);
  expect(await service.statuses()).toEqual([
    { name: 'counted.csv', status: 'failed', error: 'FILE_INCOMPLETE' },
  ]);
  expect(await service.filesIn('imports')).toEqual(['failed/counted.csv', 'marked.csv']);
  const file = await service.write('elsewhere/sums.csv', csvText(3));
  await service.write('elsewhere/sums.csv.sha256', sha256('other'));
  expect((await service.run(['load', file])).code).toBe(2);
  await service.write('elsewhere/sums.csv.sha256', sha256(csvText(3)).toUpperCase());
  expect((await service.run(['load', file])).code).toBe(0);
});

it('a file that is taken away while it waits for a correction gets its outcome', async () => {
  const service = await Service.create();
  await service.write('sluice.config.ts', CONFIG);
  await service.start();
  await service.drop('counted.ctl', 'file;record_count\ncounted.csv;6\n');
  const path = await service.drop('counted.csv', csvText(5));
  const isHeldBack = async () =>
    /its control file says 6/.test((await waitingIn(service))['counted.csv'] ?? '');
  await eventually(isHeldBack, 30_000, 'the wrong count is seen');
  await rm(path);
  await service.finished(1);
  expect(await service.statuses()).toEqual([
    { name: 'counted.csv', status: 'failed', error: 'FILE_VANISHED' },
  ]);
});
