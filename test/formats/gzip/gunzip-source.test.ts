import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GunzipSource } from '../../../src/formats/gzip/gunzip-source.ts';
import { PaddingSource } from '../../../src/formats/gzip/padding-source.ts';
import { MemorySource } from '../../../src/formats/memory-source.ts';
import { readWhole } from '../../../src/formats/read-whole.ts';

const TEXT = 'a,b\n1,2\n'.repeat(1000);
const FILE = gzipSync(TEXT);

function inflate(bytes: Buffer): Promise<Buffer | null> {
  return readWhole(new GunzipSource(new MemorySource(bytes), 'x.gz'), 1 << 24);
}

test.each([
  ['none', FILE],
  ['a few', Buffer.concat([FILE, Buffer.alloc(7)])],
  ['a chunk and more', Buffer.concat([FILE, Buffer.alloc(300_000)])],
  ['many chunks', Buffer.concat([FILE, Buffer.alloc(3_000_000)])],
  ['many, behind a second member', Buffer.concat([FILE, gzipSync(''), Buffer.alloc(3_000_000)])],
])('zeros behind the end are padding: %s', async (_name, bytes) => {
  expect((await inflate(bytes))?.toString()).toBe(TEXT);
});

test.each([
  ['garbage', Buffer.concat([FILE, Buffer.from('garbage')])],
  ['garbage behind zeros', Buffer.concat([FILE, Buffer.alloc(100), Buffer.from('garbage')])],
  ['garbage behind many zeros', Buffer.concat([FILE, Buffer.alloc(3_000_000), Buffer.from('garbage')])],
  ['a member behind zeros', Buffer.concat([FILE, Buffer.alloc(100), FILE])],
  ['a member behind many zeros', Buffer.concat([FILE, Buffer.alloc(3_000_000), FILE])],
])('anything else is refused: %s', async (_name, bytes) => {
  await expect(inflate(bytes)).rejects.toMatchObject({ code: 'GZIP_DAMAGED' });
});

test('PaddingSource gives every byte but zeros at the end', async () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 9 }),
    fc.nat(600).map((length) => new Uint8Array(length)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 6 }),
      fc.integer({ min: 1, max: 300 }),
      async (pieces, size) => {
        const bytes = Buffer.concat(pieces);
        const source = new PaddingSource(new MemorySource(bytes));
        const parts: Buffer[] = [];
        for (;;) {
          const target = Buffer.alloc(size);
          const got = await source.read(target, 0);
          if (got === 0) break;
          parts.push(target.subarray(0, got));
        }
        const given = Buffer.concat(parts);
        expect(bytes.subarray(0, given.length).equals(given)).toBe(true);
        expect(bytes.subarray(given.length).every((byte) => byte === 0)).toBe(true);
        expect(given.length - source.dataEnd).toBeLessThanOrEqual(64);
        expect(source.dataEnd).toBe(
          Buffer.from(bytes.toString('latin1').replace(/\0+$/, ''), 'latin1').length,
        );
      },
    ),
  );
});
