import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';

// Several processes each, perhaps on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

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

it.skipIf(!canMount())('a disk that fills up while the receipt is written is waited for', async () => {
  const service = await Service.create();
  await mkdir(service.exports);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', service.exports]);
  onTestFinished(() => {
    execFileSync('umount', [service.exports]);
  });
  const filler = join(service.exports, 'filler');
  await writeFile(filler, Buffer.alloc(64 * 1024)).catch(() => undefined);
  const running = await service.start();
  await service.drop('orders.csv', csvText(3));
  await running.untilPrinted(/OUTCOME_NOT_WRITTEN.*ENOSPC/);
  expect(await service.value('select count(*) from staging.orders')).toBe(3);
  await rm(filler);
  await service.finished(1);
  expect(await service.receipts()).toMatchObject([{ file: 'orders.csv', status: 'published' }]);
  expect((await running.stop()).code).toBe(0);
});

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
