import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it, vi } from 'vitest';
import { Service } from '../service.ts';

const ADVISORY_LOCKS = `
  select count(*) from pg_locks
   where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`;

const CONFIG = `import { defineConfig, defineExport } from 'sluice';
export default defineConfig({
  exports: [
    defineExport({ name: 'odd', file: '{name}.csv' }),
    defineExport({ name: 'lines', from: 'public.odd', format: 'jsonl', compression: 'gzip', file: '{name}.jsonl.gz' }),
  ],
});
`;

async function odd(config: string): Promise<Service> {
  const service = await Service.create();
  await service.write('sluice.config.ts', config);
  await service.query(`create table public.odd (id int, price numeric(12,2), said text, exported json)`);
  await service.query('insert into public.odd values (1, 1.50, $1, $2), (2, null, $3, null)', [
    'a "b"\\c\n\u0001\u0002ä',
    '{\n"k": "\\n"}',
    '',
  ]);
  return service;
}

it('sluice export writes values as they are, compressed, with a manifest that agrees with the file', async () => {
  const service = await odd(CONFIG.replace("{ name: 'odd',", "{ name: 'odd', from: 'public.odd',"));
  const ended = await service.run(['export', '--json']);
  expect(ended.code, ended.stderr).toBe(0);
  const csv = await readFile(join(service.exports, 'odd.csv'));
  expect(csv.toString()).toBe(
    'id,price,said,exported\n1,1.50,"a ""b""\\c\n\u0001\u0002ä","{\n""k"": ""\\n""}"\n2,,"",\n',
  );
  const lines = gunzipSync(await readFile(join(service.exports, 'lines.jsonl.gz'))).toString();
  expect(
    lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { id: 1, price: 1.5, said: 'a "b"\\c\n\u0001\u0002ä', exported: { k: '\n' } },
    { id: 2, price: null, said: '', exported: null },
  ]);
  const manifest = JSON.parse(await readFile(join(service.exports, 'odd.csv.manifest.json'), 'utf8'));
  expect(manifest).toMatchObject({
    ...{ name: 'odd', rows: 2, bytes: csv.length, snapshot: expect.stringMatching(/^\d+:\d+:/) },
    sha256: createHash('sha256').update(csv).digest('hex'),
    columns: expect.arrayContaining([{ name: 'price', type: 'numeric(12,2)' }]),
  });
  expect(JSON.parse(ended.stdout)).toMatchObject([manifest, { name: 'lines', rows: 2 }]);
});

it('sluice export refuses what is no table and no single SELECT, and a failure leaves the file before', async () => {
  const service = await odd(CONFIG);
  const file = ['--file', 'q.csv'];
  expect((await service.run(['export', '--query', 'select 1 as one;', ...file])).code).toBe(0);
  const refused = [
    await service.run(['export', 'nothing']),
    await service.run(['export', 'odd', '--format', 'xls']),
    await service.run(['export', 'odd', '--file', 'folder/']),
    await service.run(['export', '--query', 'select 1; drop table public.odd', ...file]),
    await service.run(['export', '--query', 'select 1) to stdout; drop table public.odd; --', ...file]),
    await service.run([
      'export',
      ...['--query', 'select 1 / (200000 - n) from generate_series(1, 200000) n'],
      ...file,
    ]),
  ];
  expect(refused.map(({ code }) => code)).toEqual([1, 1, 1, 2, 2, 2]);
  expect(refused[5]?.stderr).toContain('EXPORT_FAILED: export query: division by zero');
  expect(await readFile(join(service.exports, 'q.csv'), 'utf8')).toBe('one\n1\n');
  expect(await service.value('select count(*) from public.odd')).toBe(2);
  expect((await service.filesIn('exports')).sort()).toEqual(['q.csv', 'q.csv.manifest.json']);
});

it('sluice export: killed in the middle, the file before stands, and the next run is right', async () => {
  const service = await odd(CONFIG);
  const file = ['--file', 'k.csv'];
  await service.run(['export', '--query', 'select 1 as one', ...file]);
  const slow = 'select n, pg_sleep(0.001)::text from generate_series(1, 100000) n';
  const killed = service.spawn(['export', '--query', slow, ...file]);
  await vi.waitFor(
    async () => expect((await service.filesIn('exports')).some((name) => name.endsWith('.tmp'))).toBe(true),
    { timeout: 60_000 },
  );
  await killed.kill();
  expect(await readFile(join(service.exports, 'k.csv'), 'utf8')).toBe('one\n1\n');
  await vi.waitFor(async () => expect(await service.value(ADVISORY_LOCKS)).toBe(0), { timeout: 60_000 });
  expect((await service.run(['export', '--query', 'select 2 as one', ...file])).code).toBe(0);
  expect(await readFile(join(service.exports, 'k.csv'), 'utf8')).toBe('one\n2\n');
  expect((await service.filesIn('exports')).sort()).toEqual(['k.csv', 'k.csv.manifest.json']);
});
