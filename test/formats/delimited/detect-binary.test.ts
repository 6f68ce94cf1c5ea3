import { readFileSync } from 'node:fs';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { looksBinary } from '../../../src/formats/delimited/detect-binary.ts';

/** The same every time, and as even as compressed data. */
function rubbish(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 12345;
  for (let at = 0; at < length; at++) {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    bytes[at] = state >> 16;
  }
  return bytes;
}

describe('binary', () => {
  for (const [name, bytes] of [
    ['gzip', gzipSync('a,b\n')],
    ['a ZIP entry', Buffer.from('PK\x03\x04\x14\x00', 'latin1')],
    ['PDF', Buffer.from('%PDF-1.7\n')],
    ['PNG', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')],
    ['an old Office file', Buffer.from('d0cf11e0a1b11ae1', 'hex')],
    ['UTF-32', Buffer.from('fffe000061000000', 'hex')],
    ['compressed data without a magic number', deflateRawSync(rubbish(2000))],
    ['rubbish', rubbish(1000)],
    ['a program', readFileSync(process.execPath).subarray(64, 4096)],
    ['only NULs', Buffer.alloc(3)],
  ] as const) {
    test(name, () => expect(looksBinary(bytes)).toBeTypeOf('string'));
  }
});

describe('not binary', () => {
  for (const [name, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('a,b\r\n1,\t2\f\n')],
    ['UTF-8', Buffer.from('名前,😀\n')],
    ['Latin-1', Buffer.from('é,ü\n', 'latin1')],
    ['UTF-16 without a mark', Buffer.from('a,b\n1,2\n', 'utf16le')],
    ['one NUL in a record', Buffer.from('a,b\n1,\0\n')],
    ['few control characters in a long text', Buffer.from(`${'abc,def\n'.repeat(200)}\x01\x02\x03\x04\x05`)],
  ] as const) {
    test(name, () => expect(looksBinary(bytes)).toBeNull());
  }
});

test('the reason names the format', () => {
  expect(looksBinary(gzipSync(''))).toBe('it starts like a gzip file');
});
