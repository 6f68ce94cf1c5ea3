import { execFileSync } from 'node:child_process';
import { chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { onServer } from '../database.ts';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';

it('a receipts folder that cannot be used delays the outcome, not the load', async () => {
  const service = await Service.create();
  const obstacle = await service.write('exports/receipts', 'in the way');
  const running = await service.start();
  await service.drop('orders.csv', csvText(3));
  await running.untilPrinted('OUTCOME_NOT_WRITTEN');
  expect(await service.value('select count(*) from staging.orders')).toBe(3);
  // The next file is not held up.
  await service.drop('others.csv', csvText(4));
  await running.untilPrinted(/OUTCOME_NOT_WRITTEN.*others/);
  await rm(obstacle);
  await service.finished(2);
  expect(await service.receipts()).toMatchObject([
    { file: 'orders.csv', status: 'published' },
    { file: 'others.csv', status: 'published' },
  ]);
  expect(running.stdout.match(/OUTCOME_NOT_WRITTEN/g)).toHaveLength(2);
  expect(running.stdout.match(/published /g)).toHaveLength(2);
});

it('a command whose receipt cannot be written says so and does not call it a success', async () => {
  const service = await Service.create();
  const obstacle = await service.write('exports/receipts', 'in the way');
  await service.write('orders.csv', csvText(3));
  const ended = await service.run(['load', 'orders.csv']);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain('OUTCOME_NOT_WRITTEN');
  await rm(obstacle);
  await service.start();
  await service.finished(1);
  expect(await service.receipts()).toMatchObject([{ file: 'orders.csv', status: 'published' }]);
});

it.skipIf(!canMount())(
  'a disk that fills up while receipts and reject files are written is waited for',
  async () => {
    const service = await Service.create();
    await mkdir(service.exports);
    mountSmall(service.exports, '64k');
    const filler = join(service.exports, 'filler');
    await writeFile(filler, Buffer.alloc(64 * 1024)).catch(() => undefined);
    const running = await service.start();
    await service.drop('orders.csv', csvText(3));
    await service.drop('flawed.csv', `${csvText(30)}31\n32\n`);
    await running.untilPrinted(/OUTCOME_NOT_WRITTEN.*orders.*ENOSPC/);
    await running.untilPrinted(/OUTCOME_NOT_WRITTEN.*flawed.*ENOSPC/);
    expect(await service.value('select count(*) from staging.orders')).toBe(3);
    expect(await service.value('select count(*) from staging.flawed')).toBe(30);
    await rm(filler);
    await service.finished(2);
    expect((await service.receipts()).map(({ file, status }) => `${file} ${status}`).sort()).toEqual([
      'flawed.csv published',
      'orders.csv published',
    ]);
    const rejects = (await service.filesIn('exports')).filter((name) =>
      /^rejects\/flawed\.csv\.\d+\.csv$/.test(name),
    );
    expect(await readFile(join(service.exports, rejects[0] ?? ''), 'utf8')).toBe('id,name,amount\n31\n32\n');
    expect((await running.stop()).code).toBe(0);
  },
);

it.skipIf(!canMount())('a disk that fills up during an export leaves the former file as it was', async () => {
  const service = await Service.create();
  await mkdir(service.exports);
  mountSmall(service.exports, '256k');
  const file = join(service.exports, 'orders.csv');
  const load = async (name: string, rows: number, from: number) => {
    const ended = await service.run(['load', await service.write(name, csvText(rows, from))]);
    expect(ended.code, ended.stderr).toBe(0);
  };
  await load('orders_2026-01-01.csv', 5, 1);
  const args = ['export', 'staging.orders', '--file', 'orders.csv'];
  expect((await service.run(args)).code).toBe(0);
  const before = await readFile(file, 'utf8');
  await load('orders_2026-01-02.csv', 20_000, 10);
  const full = await service.run(args);
  expect(full.code).toBe(2);
  expect(full.stderr).toMatch(/EXPORT_FAILED.*ENOSPC/);
  expect(await readFile(file, 'utf8')).toBe(before);
  expect((await service.filesIn('exports')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  execFileSync('mount', ['-o', 'remount,size=16m', service.exports]);
  expect((await service.run(args)).code).toBe(0);
  expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(1 + 20_005 + 1);
});

it.skipIf(!canMount())(
  'an imports folder that cannot be written to: files are loaded once, and moved when it can',
  async () => {
    const service = await Service.create();
    mountSmall(service.imports, '1m');
    await service.drop('orders.csv', csvText(3));
    const make = (how: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${how}`, service.imports]);
    make('ro');
    const first = await service.start();
    await first.untilPrinted(/OUTCOME_NOT_WRITTEN.*orders.*EROFS/);
    expect(await service.value('select count(*) from staging.orders')).toBe(3);
    expect((await first.stop()).code).toBe(0);
    // Nor does a start make it anew, or load it again.
    const second = await service.start();
    await second.untilPrinted(/OUTCOME_NOT_WRITTEN.*orders.*EROFS/);
    await sleep(1_500);
    expect(first.stdout.match(/OUTCOME_NOT_WRITTEN/g)).toHaveLength(1);
    expect(second.stdout.match(/OUTCOME_NOT_WRITTEN/g)).toHaveLength(1);
    expect(await service.filesIn('imports')).toEqual(['orders.csv']);
    make('rw');
    await service.finished(1);
    expect(await service.statuses()).toMatchObject([{ name: 'orders.csv', status: 'published' }]);
    expect(await service.value('select count(*) from staging.orders')).toBe(3);
    expect(await service.filesIn('imports')).toEqual([expect.stringMatching(/^processed\/.*\/orders\.csv$/)]);
    expect((await second.stop()).code).toBe(0);
  },
);

it.skipIf(!canMount())(
  'a database whose disk is full: the file waits, nothing of it is seen, and it is loaded when there is room',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-tablespace-'));
    const space = `space_${basename(folder).slice(-6).toLowerCase()}`;
    // What is registered first is done last: when the database has been dropped.
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    mountSmall(folder, '4m');
    onTestFinished(() => onServer(async (client) => void (await client.query(`drop tablespace ${space}`))));
    const service = await Service.create({ LANES: '2' });
    const owner = await stat(await service.value<string>('show data_directory'));
    await chown(folder, owner.uid, owner.gid);
    await onServer((client) => client.query(`create tablespace ${space} location '${folder}'`));
    await service.query(`alter database ${service.database.name} set default_tablespace = ${space}`);
    const running = await service.start();
    await service.drop('orders.csv', csvText(200_000));
    await running.untilPrinted(/orders\.csv is tried again in .*DATABASE_FULL/);
    expect(await service.value("select to_regclass('staging.orders')")).toBeNull();
    expect(await service.filesIn('imports')).toContain('orders.csv');
    execFileSync('mount', ['-o', 'remount,size=200m', folder]);
    await service.finished(1);
    expect(await service.value('select count(*) from staging.orders')).toBe(200_000);
    expect(await service.orphanSegments()).toEqual([]);
    expect((await running.stop()).code).toBe(0);
  },
);

/** A small disk of its own, gone when the test has finished. */
function mountSmall(folder: string, size: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder]);
  });
}

function canMount(): boolean {
  const folder = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    execFileSync('rmdir', [folder]);
  }
}

it('a file whose name leaves no room for the suffix of a sidecar is deleted like any other', async () => {
  const service = await Service.create({ CLEANUP: 'delete' });
  await service.drop(`${'x'.repeat(251)}.csv`, csvText(3));
  expect((await service.run(['once'])).code).toBe(0);
  expect(await service.filesIn('imports')).toEqual([]);
});

it('a command goes on when the reader of what it prints goes away', async () => {
  const service = await Service.create();
  await service.drop('orders.csv', csvText(3));
  const running = service.spawn(['once', '--json']);
  running.child.stdout?.destroy();
  expect((await running.ended(60_000)).code).toBe(0);
  expect(await service.statuses()).toMatchObject([{ name: 'orders.csv', status: 'published' }]);
});
