import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FolderEvents } from '../../src/watcher/folder-events.ts';
import { NEVER_MS, until, WatchedFolder } from './watched-folder.ts';

/** Watches that the kernel holds for this process. */
function kernelWatches(): number {
  const info = '/proc/self/fdinfo';
  let count = 0;
  for (const fd of readdirSync(info)) {
    try {
      count += readFileSync(`${info}/${fd}`, 'utf8').match(/^inotify /gm)?.length ?? 0;
    } catch {
      // The descriptor that listed the folder is closed by now.
    }
  }
  return count;
}

describe('events', () => {
  test('find a file long before the next rescan', async () => {
    const folder = await WatchedFolder.started({ settleMs: 100, rescanMs: NEVER_MS });
    folder.write('a.csv');
    await folder.untilDelivered(1);
  });

  test('find a folder that is moved in and moved away', async () => {
    const folder = await WatchedFolder.started({ settleMs: 100 });
    folder.write('.prepared/deep/a.csv');
    renameSync(folder.path('.prepared'), folder.path('north'));
    await folder.untilDelivered(1);
    renameSync(folder.path('north'), folder.path('south'));
    await folder.untilDelivered(2);
    folder.write('south/deep/b.csv');
    await folder.untilDelivered(3);
    expect(folder.names).toEqual(['north/deep/a.csv', 'south/deep/a.csv', 'south/deep/b.csv']);
  });

  test.runIf(process.platform === 'linux')('cost one watch per folder, none per file', async () => {
    const before = kernelWatches();
    const folder = new WatchedFolder({ settleMs: 100 });
    for (let at = 0; at < 100; at++) folder.write(`sub-${at % 4}/${at}.csv`);
    await folder.watcher.start();
    await folder.watcher.idle();
    expect(kernelWatches() - before).toBe(5);
    await folder.watcher.stop();
    expect(kernelWatches()).toBe(before);
  });

  test('of a writer cost almost nothing in a folder of many files', async () => {
    const folder = new WatchedFolder({ settleMs: 1000 });
    for (let at = 0; at < 2000; at++) folder.write(`${at}.csv`);
    await folder.watcher.start();
    // The least of several times: what else goes on in this process uses some.
    let least = Number.POSITIVE_INFINITY;
    for (let time = 0; time < 5 && least > 500_000; time++) {
      const before = process.cpuUsage();
      for (let at = 0; at < 40; at++) {
        folder.write('growing.csv', 'x'.repeat(at));
        await sleep(20);
      }
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, user + system);
    }
    expect(least).toBeLessThan(500_000);
  });
});

describe('without events', () => {
  test('polling finds new files long before the next rescan', async () => {
    const folder = await WatchedFolder.started({ settleMs: 100, usePolling: true });
    folder.write('a.csv');
    folder.write('sub/b.csv');
    await folder.untilDelivered(2);
  });

  test('polling hands over a file that grows only when it is still', async () => {
    const folder = await WatchedFolder.started({ settleMs: 250, usePolling: true });
    for (let at = 1; at <= 8; at++) {
      folder.write('a.csv', 'x'.repeat(at));
      await sleep(50);
    }
    await until(() => folder.deliveries.at(-1)?.file.identity.size === 8);
  });

  test('a refused watch is reported, and the rescan finds files all the same', async () => {
    const reported: unknown[] = [];
    const folder = await WatchedFolder.started();
    const closed = folder.path('.closed');
    mkdirSync(closed);
    chmodSync(folder.root, 0o755);
    chmodSync(closed, 0o311);
    const events = new FolderEvents({
      usePolling: false,
      pollMs: 100,
      onEvent: () => {},
      onUnavailable: (error) => reported.push(error),
    });
    onTestFinished(() => events.close());
    const wasRoot = process.geteuid?.() === 0;
    if (wasRoot) process.seteuid?.(65534);
    await events
      .watch(Buffer.from(closed), Buffer.from(closed), '1')
      .finally(() => wasRoot && process.seteuid?.(0));
    expect(reported).toMatchObject([{ code: 'EACCES' }]);
  });
});
