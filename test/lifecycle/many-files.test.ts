import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { csvRecords } from '../generated.ts';
import { Service } from '../service.ts';

const FILES = 150;

it('files waiting at start are all loaded, oldest first', async () => {
  const service = await Service.create({ CONCURRENCY: '1' });
  mkdirSync(join(service.imports, 'eu'));
  for (let n = 0; n < FILES; n++) {
    // The order of the names is not the order of their age.
    const name = `${n % 2 === 0 ? 'eu/' : ''}${(n * 7919) % FILES}.feed${n % 5}.csv`;
    const path = join(service.imports, name);
    writeFileSync(path, `id,name,amount\n${csvRecords(1 + n, 1)}`);
    utimesSync(path, 1_700_000_000 + n, 1_700_000_000 + n);
  }
  await service.start();
  await service.finished(FILES, 100_000);
  const runs = await service.query<{ mtime: string }>(
    'select mtime_ns::text as mtime from sluice.run join sluice.source_file using (run_id) order by run.run_id',
  );
  const times = runs.map(({ mtime }) => Number(BigInt(mtime) / 1_000_000_000n) - 1_700_000_000);
  expect(times).toEqual(Array.from({ length: FILES }, (_, n) => n));
  expect(new Set((await service.statuses()).map(({ status }) => status))).toEqual(new Set(['published']));
  expect(await service.value('select sum(rows_loaded) from sluice.loads')).toBe(String(FILES));
});
