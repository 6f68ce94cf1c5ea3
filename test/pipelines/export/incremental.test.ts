import { readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, vi } from 'vitest';
import { Service } from '../../service.ts';

// Several processes each, perhaps on a busy machine.
vi.setConfig({ testTimeout: 300_000 });

const ADVISORY_LOCKS = `
  select count(*) from pg_locks
   where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`;

const KILLER = pathToFileURL(join(import.meta.dirname, '../../crash/kill-at.mjs')).href;
const CONFIG = `import { defineConfig, defineExport } from 'sluice';
export default defineConfig({
  exports: [
    defineExport({ name: 'orders', from: 'staging.orders', incremental: true, file: '{name}_{sequence}.csv' }),
    defineExport({ name: 'all', from: 'staging.orders__all', incremental: true }),
  ],
});
`;

async function withOrders(...days: readonly number[]): Promise<Service> {
  const service = await Service.create();
  await service.write('sluice.config.ts', CONFIG);
  for (const day of days) await deliver(service, day);
  return service;
}

/** A file with one row, its number. */
async function deliver(service: Service, day: number): Promise<void> {
  await service.drop(`orders_2026-01-0${day}.csv`, `id,price\n${day},5\n`);
  expect((await service.run(['once'])).code).toBe(0);
}

interface Manifest {
  readonly rows: number;
  readonly increment: Record<string, unknown>;
}

async function written(service: Service, sequence: number): Promise<{ ids: number[]; manifest: Manifest }> {
  const file = join(service.exports, `orders_00000${sequence}.csv`);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n').slice(1);
  const manifest: Manifest = JSON.parse(await readFile(`${file}.manifest.json`, 'utf8'));
  return { ids: lines.map((line) => Number(line.split(',')[0])).sort(), manifest };
}

it('an incremental export has each run once, says which have gone, and begins anew when it is asked to', async () => {
  const service = await withOrders(1, 2);
  const exported = async (...args: string[]) => {
    const ended = await service.run(['export', 'orders', '--json', ...args]);
    expect(ended.code, ended.stderr).toBe(0);
    return JSON.parse(ended.stdout).length;
  };
  expect(await exported()).toBe(1);
  expect(await written(service, 1)).toMatchObject({
    ids: [1, 2],
    manifest: { rows: 2, increment: { sequence: 1, full: true, runs: [1, 2], removed: [], repeats: null } },
  });
  expect(await exported()).toBe(0);

  await deliver(service, 3);
  await service.run(['retract', '2']);
  expect(await exported()).toBe(1);
  expect(await written(service, 2)).toMatchObject({
    ids: [3],
    manifest: { increment: { sequence: 2, full: false, runs: [3], removed: [2] } },
  });
  expect(await exported('--full')).toBe(1);
  expect(await written(service, 3)).toMatchObject({
    ids: [1, 3],
    manifest: { increment: { sequence: 3, full: true, runs: [1, 3], removed: [] } },
  });
  expect(await exported()).toBe(0);

  const refused = await service.run(['export', 'all']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('EXPORT_FAILED: export all: only staging.DATASET');
});

it.each(['file complete', 'increment recorded', 'file named', 'increment noted'])(
  'an incremental export killed after «%s» loses nothing, and repeats nothing',
  async (step) => {
    const service = await withOrders(1);
    const killed = await service.run(['export', 'orders'], {
      NODE_OPTIONS: `--import=${KILLER}`,
      KILL_AT: step,
    });
    expect(killed.signal, killed.stderr).toBe('SIGKILL');
    await deliver(service, 2);
    await vi.waitFor(async () => expect(await service.value(ADVISORY_LOCKS)).toBe(0), { timeout: 60_000 });
    const again = await service.run(['export', 'orders']);
    expect(again.code, again.stderr).toBe(0);
    const first = await written(service, 1);
    const ids = step === 'file complete' ? first.ids : [...first.ids, ...(await written(service, 2)).ids];
    expect(ids).toEqual([1, 2]);
    expect(first.manifest.increment).toMatchObject({ sequence: 1, repeats: null });
    expect(await service.value('select count(*) from sluice.export_input')).toBe(2);
  },
);

it('rows of a complete file that has gone come again, and the manifest says so; what is half written is deleted', async () => {
  const service = await withOrders(1);
  await service.run(['export', 'orders'], {
    NODE_OPTIONS: `--import=${KILLER}`,
    KILL_AT: 'manifest written',
  });
  await rm(join(service.exports, 'orders_000001.csv'));
  const left = join(service.exports, `.sluice-export-${'0'.repeat(32)}.tmp`);
  const others = join(service.exports, `.sluice-export-other.tmp`);
  for (const file of [left, others]) {
    await writeFile(file, 'half');
    await utimes(file, 0, 0);
  }
  const running = await service.start();
  await running.untilPrinted('EXPORT_LOST: export orders');
  await running.stop();
  const temporary = (await service.filesIn('exports')).filter((name) => name.endsWith('.tmp'));
  expect(temporary).toEqual(['.sluice-export-other.tmp']);
  await rm(others);
  expect((await service.run(['export', 'orders'])).code).toBe(0);
  const { ids, manifest } = await written(service, 1);
  expect(ids).toEqual([1]);
  expect(manifest.increment).toMatchObject({
    sequence: 1,
    repeats: join(service.exports, 'orders_000001.csv'),
  });
  expect(await service.query('select status, sequence from sluice.exports order by export_run_id')).toEqual([
    { status: 'lost', sequence: 1 },
    { status: 'written', sequence: 1 },
  ]);
});
