import { renameSync, utimesSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { SettledFile } from '../../src/watcher/settled-file.ts';
import { until, WatchedFolder } from './watched-folder.ts';

test('3,000 files waiting at start are handed over oldest first, in batches of 500 at most', async () => {
  const batches: number[] = [];
  const folder: WatchedFolder = new WatchedFolder({
    settleMs: 150,
    onSettled: async (files) => {
      batches.push(files.length);
      folder.record(files);
    },
  });
  for (let at = 0; at < 3000; at++) {
    const age = (at * 7919) % 3000;
    utimesSync(folder.write(at % 10 === 0 ? `sub/${at}.csv` : `${at}.zip`, 'no zip'), 1e9 + age, 1e9 + age);
  }
  await folder.watcher.start();
  await folder.watcher.idle();
  const times = folder.deliveries.map(({ file }) => file.identity.mtimeNs);
  expect(new Set(folder.names).size).toBe(3000);
  expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : 1)));
  expect(Math.max(...batches)).toBeLessThanOrEqual(500);
});

test('the next batch waits until the last was taken, and files that changed meanwhile settle again', async () => {
  let release = (): void => {};
  let calls = 0;
  const folder: WatchedFolder = new WatchedFolder({
    settleMs: 100,
    onSettled: async (files) => {
      folder.record(files);
      if (++calls === 1) await new Promise<void>((resolve) => (release = resolve));
    },
  });
  folder.write('first.csv');
  await folder.watcher.start();
  await folder.untilDelivered(1);
  folder.write('second.csv');
  await until(() => folder.watcher.waiting().some(({ reason }) => reason.startsWith('settled')));
  await sleep(300);
  expect(folder.names).toEqual(['first.csv']);
  // No event of this write is dealt with before the next batch is put together.
  folder.write('second.csv', 'changed while it waited\n');
  release();
  await folder.watcher.idle();
  expect(folder.deliveries.map(({ file }) => file.identity.size)).toEqual([8, 24]);
});

test('files that the receiver refuses are reported once and offered again', async () => {
  let refusals = 0;
  const folder: WatchedFolder = new WatchedFolder({
    settleMs: 100,
    onSettled: async (files: readonly SettledFile[]) => {
      if (++refusals <= 2) throw new Error('the ledger is away');
      folder.record(files);
    },
  });
  folder.write('a.csv');
  await folder.watcher.start();
  await folder.watcher.idle();
  expect(folder.names).toEqual(['a.csv']);
  expect(folder.codes).toEqual(['HANDOVER_REFUSED']);
});

test('files that vanish in masses while they are walked through do no harm', async () => {
  const folder = new WatchedFolder({ settleMs: 50, rescanMs: 20 });
  for (let at = 0; at < 300; at++) folder.write(`${at % 7}/${at}.csv`);
  const started = folder.watcher.start();
  for (let folderAt = 0; folderAt < 7; folderAt++) {
    renameSync(folder.path(`${folderAt}`), folder.path(`.gone-${folderAt}`));
    await sleep(5);
  }
  await started;
  await folder.watcher.idle();
  expect(folder.watcher.waiting()).toEqual([]);
  expect(folder.problems).toEqual([]);
});
