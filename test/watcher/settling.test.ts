import { appendFileSync, openSync, renameSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { lstatIdentity } from '../../src/watcher/identity.ts';
import { until, WatchedFolder } from './watched-folder.ts';

const SETTLE_MS = 250;

describe('a file that is being written', () => {
  test('with pauses shorter than the settling time is handed over once it is still, in full', async () => {
    const folder = await WatchedFolder.started({ settleMs: SETTLE_MS });
    const path = folder.write('slow.csv', 'a,b\n');
    const writtenAt = new Map([[statSync(path).size, performance.now()]]);
    for (let row = 0; row < 20; row++) {
      await sleep(SETTLE_MS / 5);
      appendFileSync(path, `${row},x\n`);
      writtenAt.set(statSync(path).size, performance.now());
    }
    await until(() => folder.deliveries.at(-1)?.file.identity.size === statSync(path).size);
    // Holds also on a machine so busy that a pause became longer than the settling time.
    for (const { file, at } of folder.deliveries) {
      expect(at - (writtenAt.get(file.identity.size) ?? at)).toBeGreaterThanOrEqual(SETTLE_MS - 20);
    }
  });

  test('with a pause longer than the settling time is handed over again when it has grown', async () => {
    const folder = await WatchedFolder.started({ settleMs: SETTLE_MS });
    const path = folder.write('paused.csv', 'a,b\n');
    await folder.untilDelivered(1);
    appendFileSync(path, '1,2\n');
    await folder.untilDelivered(2);
    expect(folder.deliveries.map(({ file }) => file.identity.size)).toEqual([4, 8]);
  });

  test('into space allocated beforehand settles by its modification time', async () => {
    const folder = await WatchedFolder.started({ settleMs: SETTLE_MS });
    const path = folder.write('allocated.csv', Buffer.alloc(1000));
    const file = openSync(path, 'r+');
    let lastWrite = performance.now();
    for (let at = 0; at < 1000; at += 100) {
      writeSync(file, Buffer.alloc(100, 'x'), 0, 100, at);
      lastWrite = performance.now();
      await sleep(SETTLE_MS / 5);
    }
    const { mtimeNs } = statSync(path, { bigint: true });
    await until(() => folder.deliveries.at(-1)?.file.identity.mtimeNs === mtimeNs);
    expect((folder.deliveries.at(-1)?.at ?? 0) - lastWrite).toBeGreaterThanOrEqual(SETTLE_MS - 20);
  });
});

describe('a file replaced by rename', () => {
  test('while it settles is handed over as the new one', async () => {
    const folder = await WatchedFolder.started({ settleMs: SETTLE_MS });
    folder.write('prices.csv', 'old\n');
    const { ino } = statSync(folder.write('.next', 'new\n'), { bigint: true });
    await sleep(SETTLE_MS / 2);
    renameSync(folder.path('.next'), folder.path('prices.csv'));
    await until(() => folder.deliveries.at(-1)?.file.identity.inode === ino);
  });

  test('by one of the same size and time is handed over again', async () => {
    const folder = await WatchedFolder.started({ settleMs: SETTLE_MS });
    utimesSync(folder.write('prices.csv', 'old\n'), 1e9, 1e9);
    await folder.untilDelivered(1);
    utimesSync(folder.write('.next', 'new\n'), 1e9, 1e9);
    renameSync(folder.path('.next'), folder.path('prices.csv'));
    await folder.untilDelivered(2);
    const [first, second] = folder.deliveries;
    expect(second?.file.identity).toMatchObject({ size: 4, mtimeNs: first?.file.identity.mtimeNs });
  });
});

describe('the settling time', () => {
  test('is observed in full however old the file looks', async () => {
    const folder = new WatchedFolder({ settleMs: SETTLE_MS });
    utimesSync(folder.write('old.csv'), 1e9, 1e9);
    const startedAt = performance.now();
    await folder.watcher.start();
    const [delivery] = await folder.untilDelivered(1);
    expect((delivery?.at ?? 0) - startedAt).toBeGreaterThanOrEqual(SETTLE_MS);
  });

  test('does not depend on the wall clock', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const folder = await WatchedFolder.started({ settleMs: SETTLE_MS });
    vi.setSystemTime(new Date('2001-01-01'));
    folder.write('before.csv');
    const droppedAt = performance.now();
    await until(() => folder.watcher.waiting().length === 1);
    vi.setSystemTime(new Date('2038-01-01'));
    await folder.untilDelivered(1);
    expect(performance.now() - droppedAt).toBeGreaterThanOrEqual(SETTLE_MS);
  });

  test('applies to an empty file as well', async () => {
    const folder = await WatchedFolder.started();
    for (const name of ['empty.csv', 'empty.zip', 'empty.csv.gz']) folder.write(name, '');
    await folder.untilDelivered(3);
    expect(folder.deliveries.every(({ file }) => file.complete && file.identity.size === 0)).toBe(true);
  });
});

describe('a file that was handed over', () => {
  test('is not handed over again by a rescan', async () => {
    const folder = await WatchedFolder.started({ rescanMs: 50 });
    folder.write('once.csv');
    await folder.untilDelivered(1);
    await sleep(600);
    expect(folder.names).toEqual(['once.csv']);
  });

  test('is handed over again when it went away and came back', async () => {
    const folder = await WatchedFolder.started();
    folder.write('back.csv');
    await folder.untilDelivered(1);
    renameSync(folder.path('back.csv'), folder.path('.away'));
    await sleep(300);
    renameSync(folder.path('.away'), folder.path('back.csv'));
    await folder.untilDelivered(2);
  });

  test('is observed anew after recheck', async () => {
    const folder = await WatchedFolder.started({ settleMs: SETTLE_MS });
    folder.write('again.csv');
    const [first] = await folder.untilDelivered(1);
    const askedAt = performance.now();
    folder.watcher.recheck(first?.file.path ?? Buffer.alloc(0));
    const [, second] = await folder.untilDelivered(2);
    expect(second?.file.identity).toEqual(first?.file.identity);
    expect((second?.at ?? 0) - askedAt).toBeGreaterThanOrEqual(SETTLE_MS);
  });

  test('is taken up by the next rescan after forget, when it is still there', async () => {
    const folder = await WatchedFolder.started();
    folder.write('forgotten.csv');
    const [first] = await folder.untilDelivered(1);
    folder.watcher.forget(first?.file.path ?? Buffer.alloc(0));
    await folder.watcher.idle();
    expect(folder.names).toEqual(['forgotten.csv', 'forgotten.csv']);
  });
});

test('a file that vanishes while it settles is not handed over', async () => {
  const folder = await WatchedFolder.started();
  folder.write('gone.csv');
  await until(() => folder.watcher.waiting().length === 1);
  rmSync(folder.path('gone.csv'));
  await folder.watcher.idle();
  expect(folder.names).toEqual([]);
});

test('lstatIdentity tells a regular file from nothing and from a folder', async () => {
  const folder = new WatchedFolder();
  const path = folder.write('file.csv', '123');
  expect(await lstatIdentity(Buffer.from(path))).toMatchObject({ size: 3 });
  expect(await lstatIdentity(Buffer.from(`${path}.gone`))).toBeNull();
  expect(await lstatIdentity(Buffer.from(folder.root))).toBeNull();
});
