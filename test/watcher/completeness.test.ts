import { randomBytes } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { zipBytes } from '../formats/zip/zip-bytes.ts';
import { until, WatchedFolder } from './watched-folder.ts';

const ZIP = zipBytes({ entries: { 'a.csv': randomBytes(5000) } });
const GZIP = gzipSync(randomBytes(5000));
/** Inflates to 1.5 GB, which takes a second or more. */
const LONG_TO_INFLATE = Buffer.concat(Array<Buffer>(15).fill(gzipSync(Buffer.alloc(100_000_000))));

describe.each([
  ['ZIP', 'dump.zip', ZIP],
  ['gzip file', 'orders.csv.gz', GZIP],
  ['gzip file named .TGZ', 'ORDERS.TGZ', GZIP],
])('a %s that is still being written', (_, name, whole) => {
  test('is waited for beyond the settling time, until it is whole', async () => {
    const folder = await WatchedFolder.started({ settleMs: 150 });
    const path = folder.write(name, whole.subarray(0, 2000));
    await until(() => folder.watcher.waiting()[0]?.reason.match(/^(ZIP|gzip): /) != null);
    await sleep(400);
    expect(folder.names).toEqual([]);
    appendFileSync(path, whole.subarray(2000));
    const [delivery] = await folder.untilDelivered(1);
    expect(delivery?.file).toMatchObject({ complete: true, incompleteReason: null });
    expect(delivery?.file.identity.size).toBe(whole.length);
  });

  test('is handed over as incomplete when patience ends', async () => {
    const folder = new WatchedFolder({ settleMs: 150, incompleteMs: 700 });
    folder.write(name, whole.subarray(0, 2000));
    const startedAt = performance.now();
    await folder.watcher.start();
    const [delivery] = await folder.untilDelivered(1);
    expect((delivery?.at ?? 0) - startedAt).toBeGreaterThanOrEqual(700);
    expect(delivery?.file.complete).toBe(false);
    expect(delivery?.file.incompleteReason).toMatch(/^(ZIP|gzip): /);
  });

  test('is handed over as soon as it has settled when that is asked for', async () => {
    const folder = await WatchedFolder.started({ settleMs: 150, takeIncomplete: 'after-settle' });
    folder.write(name, whole.subarray(0, 2000));
    await folder.watcher.idle();
    expect(folder.deliveries.map(({ file }) => file.complete)).toEqual([false]);
  });
});

describe('a gzip file that takes long to inflate', () => {
  test('does not hold up other files', async () => {
    const folder = await WatchedFolder.started({ settleMs: 150 });
    folder.write('long.csv.gz', LONG_TO_INFLATE);
    for (let at = 0; at < 5; at++) folder.write(`small-${at}.csv`);
    await folder.untilDelivered(6);
    expect(folder.names.at(-1)).toBe('long.csv.gz');
  });

  test('is checked again when it changes meanwhile', async () => {
    const folder = await WatchedFolder.started({ settleMs: 150 });
    const path = folder.write('long.csv.gz', LONG_TO_INFLATE);
    await until(() => folder.watcher.waiting()[0]?.reason === 'its completeness is being checked');
    writeFileSync(path, GZIP);
    await folder.untilDelivered(1);
    expect(folder.deliveries.map(({ file }) => file.identity.size)).toEqual([GZIP.length]);
  });

  test('does not delay stop', async () => {
    const folder = await WatchedFolder.started({ settleMs: 150 });
    folder.write('long.csv.gz', LONG_TO_INFLATE);
    await until(() => folder.watcher.waiting()[0]?.reason === 'its completeness is being checked');
    const askedAt = performance.now();
    await folder.watcher.stop();
    expect(performance.now() - askedAt).toBeLessThan(1000);
    expect(folder.names).toEqual([]);
  });
});
