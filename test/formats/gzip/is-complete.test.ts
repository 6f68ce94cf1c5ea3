import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Completeness } from '../../../src/formats/completeness.ts';
import { gzipCompleteness } from '../../../src/formats/gzip/is-complete.ts';
import { withFile } from '../with-file.ts';

const NEVER = new AbortController().signal;
const LARGE = gzipSync(randomBytes(1_500_000).toString('hex'), { level: 1 });

function check(bytes: Buffer): Promise<Completeness> {
  return withFile(bytes, (handle) => gzipCompleteness(handle, bytes.length, NEVER));
}

describe('a whole gzip file is complete', () => {
  test.each([
    ['with content', gzipSync('a,b\n1,2\n')],
    ['of nothing', gzipSync('')],
    ['of several members', Buffer.concat([gzipSync('a,b\n'), gzipSync('1,2\n')])],
    ['of many chunks', LARGE],
    ['followed by zeros', Buffer.concat([gzipSync('a'), Buffer.alloc(700)])],
    ['followed by many zeros', Buffer.concat([gzipSync('a'), Buffer.alloc(2_000_000)])],
  ])('%s', async (_, bytes) => {
    expect(await check(bytes)).toEqual({ complete: true, reason: null });
  });
});

describe('a gzip file without its trailer is incomplete', () => {
  test('cut at any byte', async () => {
    const whole = gzipSync(randomBytes(100).toString('hex'));
    for (let length = 1; length < whole.length; length++) {
      expect(await check(whole.subarray(0, length)), `${length} bytes`).toMatchObject({ complete: false });
    }
  });

  test.each([
    ['a large one without its last byte', LARGE.subarray(0, -1)],
    ['a large one cut in the middle', LARGE.subarray(0, LARGE.length >> 1)],
    ['cut in its second member', Buffer.concat([gzipSync('a,b\n'), gzipSync('1,2\n').subarray(0, -4)])],
    ['allocated in full and filled half', Buffer.concat([LARGE.subarray(0, 900_000), Buffer.alloc(500_000)])],
    ['allocated and not filled at all', Buffer.alloc(5000)],
  ])('%s', async (_, bytes) => {
    expect(await check(bytes)).toMatchObject({ complete: false });
  });
});

describe('what waiting cannot cure is not waited for', () => {
  const damaged = Buffer.from(LARGE);
  damaged.fill(0xaa, 700_000, 700_100);
  test.each([
    ['something that is not gzip', Buffer.from('a,b\n1,2\n')],
    ['nothing at all', Buffer.alloc(0)],
    ['damaged data', damaged],
    ['garbage behind zeros', Buffer.concat([LARGE, Buffer.alloc(2_000_000), Buffer.from('garbage')])],
    ['garbage behind the end', Buffer.concat([gzipSync('a'), Buffer.from('garbage garbage garbage')])],
  ])('%s', async (_, bytes) => {
    expect(await check(bytes)).toMatchObject({ complete: true });
  });
});

test('inflating ends when the signal fires', async () => {
  const controller = new AbortController();
  const checking = withFile(LARGE, (handle) => gzipCompleteness(handle, LARGE.length, controller.signal));
  setImmediate(() => controller.abort());
  await expect(checking).rejects.toMatchObject({ name: 'AbortError' });
});

test('a gzip bomb takes no memory', async () => {
  const bomb = gzipSync(Buffer.alloc(200_000_000));
  const before = process.memoryUsage().rss;
  expect(await check(bomb)).toMatchObject({ complete: true });
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
});
