import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { until, WatchedFolder } from './watched-folder.ts';

const WATCHER_JS = new URL('../../dist/watcher/watcher.js', import.meta.url).href;

/** Watches a folder in a process of its own, stops, and says how long after that the process ended by itself. */
const STOP_AND_END = `
  const { Watcher } = await import(process.argv[1]);
  const [root, usePolling] = process.argv.slice(2);
  const ignore = () => {};
  await new Promise((delivered) => {
    const watcher = new Watcher({
      root, usePolling: usePolling === 'polling', settleMs: 100, rescanMs: 30, incompleteMs: 1e9,
      onReported: ignore, onSettled: async () => delivered(watcher),
    });
    globalThis.watcher = watcher;
    watcher.start();
  });
  await watcher.stop();
  const stoppedAt = performance.now();
  process.on('exit', () => console.log(Math.round(performance.now() - stoppedAt)));
`;

test.each(['events', 'polling'])('stop leaves nothing that keeps the process alive: %s', async (how) => {
  const folder = new WatchedFolder();
  for (let at = 0; at < 50; at++) folder.write(`${at % 5}/${at}.csv`);
  folder.write('cut.csv.gz', gzipSync(Buffer.alloc(100)).subarray(0, 20));
  const script = ['--input-type=module', '-e', STOP_AND_END, WATCHER_JS, folder.root, how];
  const { stdout } = await promisify(execFile)(process.execPath, script, { timeout: 60_000 });
  expect(Number(stdout)).toBeLessThan(5_000);
});

test('nothing is handed over after stop', async () => {
  const folder = await WatchedFolder.started({ settleMs: 100 });
  folder.write('a.csv');
  await folder.watcher.stop();
  await sleep(300);
  expect(folder.names).toEqual([]);
});

test('stop in the middle of the first walk ends start and idle', async () => {
  const folder = new WatchedFolder();
  for (let at = 0; at < 500; at++) folder.write(`${at}.csv`);
  const ended = Promise.all([folder.watcher.start(), folder.watcher.idle()]);
  await folder.watcher.stop();
  await ended;
});

test('stop does not wait for a receiver that never answers', async () => {
  let taken = false;
  const folder = await WatchedFolder.started({
    settleMs: 50,
    onSettled: () => {
      taken = true;
      return new Promise(() => {});
    },
  });
  folder.write('a.csv');
  await until(() => taken);
  await folder.watcher.stop();
});

test('an idle watcher uses no processor time', async () => {
  const folder = new WatchedFolder({ settleMs: 50 });
  for (let at = 0; at < 100; at++) folder.write(`${at}.csv`);
  await folder.watcher.start();
  await folder.watcher.idle();
  // The least of several times: what else goes on in this process uses some.
  let least = Number.POSITIVE_INFINITY;
  for (let time = 0; time < 10 && least > 100_000; time++) {
    const before = process.cpuUsage();
    await sleep(500);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
  }
  expect(least).toBeLessThan(100_000);
});

test('idle waits for files that are still settling and not for those that come later', async () => {
  const folder = await WatchedFolder.started({ settleMs: 200 });
  await folder.watcher.idle();
  folder.write('a.csv');
  await folder.watcher.idle();
  expect(folder.names).toEqual(['a.csv']);
});
