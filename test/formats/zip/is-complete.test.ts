import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Completeness } from '../../../src/formats/completeness.ts';
import { zipCompleteness } from '../../../src/formats/zip/is-complete.ts';
import { withFile } from '../with-file.ts';
import { zipBytes } from './zip-bytes.ts';

const NEVER = new AbortController().signal;
const CONTENT = randomBytes(3000);
const WHOLE = zipBytes({ entries: { 'a.csv': CONTENT, 'b/ü.csv': 'x\n' } });

function check(bytes: Buffer): Promise<Completeness> {
  return withFile(bytes, (handle) => zipCompleteness(handle, bytes.length, NEVER));
}

describe('a whole ZIP is complete', () => {
  test.each([
    ['with two entries', WHOLE],
    ['without entries', zipBytes({ entries: {} })],
    ['with a comment', zipBytes({ entries: { a: 'x' }, comment: 'made on a Monday' })],
    ['with the longest comment', zipBytes({ entries: { a: 'x' }, comment: 'c'.repeat(0xffff) })],
    [
      'with a comment that looks like an end record',
      zipBytes({ entries: { a: 'x' }, comment: `PK\x05\x06${'\0'.repeat(18)}` }),
    ],
    ['in ZIP64 form', zipBytes({ entries: { 'a.csv': CONTENT }, zip64: true })],
    ['with another ZIP inside', zipBytes({ entries: { 'inner.zip': WHOLE } })],
    ['with a directory of more than 64 KB', zipBytes({ entries: manyEntries(3000) })],
    ['followed by a few bytes', Buffer.concat([WHOLE, Buffer.from('\n')])],
  ])('%s', async (_, bytes) => {
    expect(await check(bytes)).toEqual({ complete: true, reason: null });
  });
});

describe('a ZIP without its end is incomplete', () => {
  test('cut at any byte', async () => {
    for (let length = 1; length < WHOLE.length; length += length < WHOLE.length - 200 ? 97 : 1) {
      expect(await check(WHOLE.subarray(0, length)), `${length} bytes`).toMatchObject({ complete: false });
    }
  });

  test('cut inside its comment', async () => {
    const commented = zipBytes({ entries: { a: 'x' }, comment: 'made on a Monday' });
    expect(await check(commented.subarray(0, commented.length - 3))).toMatchObject({ complete: false });
  });

  test('cut behind a stored inner ZIP', async () => {
    const bytes = Buffer.concat([zipBytes({ entries: { a: CONTENT } }).subarray(0, 2000), WHOLE]);
    expect(await check(bytes)).toEqual({
      complete: false,
      reason: 'ZIP: the central directory is not readable',
    });
  });

  test('in ZIP64 form with its ZIP64 record overwritten', async () => {
    const bytes = zipBytes({ entries: { a: CONTENT }, zip64: true });
    bytes.fill(0, bytes.length - 22 - 20 - 56, bytes.length - 22 - 20);
    expect(await check(bytes)).toEqual({
      complete: false,
      reason: 'ZIP: ZIP64 end of central directory missing',
    });
  });

  test('allocated in full and filled half', async () => {
    expect(await check(Buffer.concat([WHOLE.subarray(0, 1500), Buffer.alloc(1700)]))).toEqual({
      complete: false,
      reason: 'ZIP: end of central directory missing',
    });
  });

  test('allocated and not filled at all', async () => {
    expect(await check(Buffer.alloc(5000))).toMatchObject({ complete: false });
  });
});

test('something that is no ZIP is not waited for', async () => {
  expect(await check(Buffer.from('<html>404</html>'))).toMatchObject({ complete: true });
  expect(await check(Buffer.alloc(0))).toMatchObject({ complete: true });
});

function manyEntries(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`folder/entry-${at}.csv`, `${at}\n`]));
}
