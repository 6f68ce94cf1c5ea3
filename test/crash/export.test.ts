import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { STEPS } from '../../src/steps.ts';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';
import { expectNothingLeftOver, killedAfter } from './killed.ts';

vi.setConfig({ testTimeout: 180_000 });

it('an export, killed after any step, leaves the former file or the new one, whole, and the next one makes it right', async () => {
  const service = await Service.create();
  const file = join(service.exports, 'orders.csv');
  const manifest = () => readFile(`${file}.manifest.json`, 'utf8').catch(() => null);
  const args = ['export', 'staging.orders', '--file', 'orders.csv'];
  const load = async (n: number) =>
    expect(
      (await service.run(['load', await service.write(`orders_2026-01-0${n}.csv`, csvText(9, n * 10))])).code,
    ).toBe(0);
  await load(1);
  expect((await service.run(args)).code).toBe(0);
  const contents = [await readFile(file, 'utf8')];
  await load(2);
  for (const step of STEPS.export) {
    await killedAfter(service, args, step);
    const text = await readFile(file, 'utf8');
    const told = await manifest();
    if (!contents.includes(text)) {
      expect(text.split('\n'), step).toHaveLength(1 + 18 + 1);
      contents.push(text);
    }
    // Without a manifest it says itself that it was not finished.
    if (told !== null)
      expect(JSON.parse(told).sha256, step).toBe(createHash('sha256').update(text).digest('hex'));
  }
  expect((await service.run(args)).code).toBe(0);
  expect(JSON.parse((await manifest()) ?? '{}')).toMatchObject({ rows: 18 });
  expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(1 + 18 + 1);
  await expectNothingLeftOver(service);
});
