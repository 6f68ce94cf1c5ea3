import { readFileSync } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../../src/errors.ts';
import { LimitedSource } from '../../../src/formats/archive/limited-source.ts';
import { MemorySource } from '../../../src/formats/memory-source.ts';
import { zstdCompleteness } from '../../../src/formats/zstd/is-complete.ts';
import { ZstdSource } from '../../../src/formats/zstd/zstd-source.ts';

const FILE = readFileSync(join(import.meta.dirname, '../../fixtures/success/zstd/drop/orders.csv.zst'));
const TEXT = 'id,name\n1,"Zoë, a"\n2,b\n';

async function contentOf(bytes: Buffer): Promise<Buffer> {
  const source = new ZstdSource(new MemorySource(bytes), 'x.csv.zst');
  const parts: Buffer[] = [];
  for (;;) {
    const part = Buffer.alloc(7);
    const got = await source.read(part, 0);
    if (got === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, got));
  }
}

/** A frame of one block that repeats a byte, without a checksum. */
function frame(descriptor: readonly number[], size: number, type = 1): Buffer {
  const word = 1 | (type << 1) | (size << 3);
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...descriptor, word & 255, (word >> 8) & 255, word >> 16, 97]);
}

describe('Zstandard', () => {
  it('is read as it was packed', async () => {
    expect((await contentOf(FILE)).toString()).toBe(TEXT);
  });

  it('with any bit flipped is refused, or the same: never something else', async () => {
    for (let at = 0; at < FILE.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = Buffer.from(FILE);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        const result = await contentOf(bytes).then(String, (error: unknown) => {
          if (!hasCode(error, 'ZSTD_DAMAGED') && !hasCode(error, 'FILE_INCOMPLETE')) throw error;
          return TEXT;
        });
        // A frame that is made into a skippable one holds nothing.
        if (result !== '' && result !== TEXT) expect({ at, bit, result }).toBeNull();
      }
    }
  });

  it('that is cut anywhere is incomplete, for the watcher and for the reader', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-zstd-'));
    try {
      for (let length = 1; length <= FILE.length; length++) {
        await writeFile(join(folder, 'x'), FILE.subarray(0, length));
        const handle = await open(join(folder, 'x'));
        const { complete } = await zstdCompleteness(handle, length, new AbortController().signal);
        await handle.close();
        expect({ length, complete }).toEqual({ length, complete: length === FILE.length });
        if (complete) continue;
        await expect(contentOf(FILE.subarray(0, length))).rejects.toMatchObject({ code: 'FILE_INCOMPLETE' });
      }
      const filling = Buffer.concat([FILE.subarray(0, 20), Buffer.alloc(4_000)]);
      await writeFile(join(folder, 'x'), filling);
      const handle = await open(join(folder, 'x'));
      const zeros = await zstdCompleteness(handle, filling.length, new AbortController().signal);
      await handle.close();
      expect(zeros.complete).toBe(false);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['asks for more memory than is allowed', frame([0x00, 0xa8], 5)],
    ['asks for a dictionary', frame([0x21, 7, 5], 5)],
    ['has a block larger than blocks may be', frame([0x00, 0x58], 200_000)],
    ['has a block of no kind', frame([0x20, 5], 5, 3)],
    ['says another size than it has', frame([0x20, 6], 5)],
  ])('that %s is refused', async (_, bytes) => {
    await expect(contentOf(bytes)).rejects.toMatchObject({ code: 'ZSTD_DAMAGED' });
  });

  it('without a checksum is read', async () => {
    expect((await contentOf(frame([0x20, 5], 5))).toString()).toBe('aaaaa');
  });

  it('that is a bomb costs no more than the limit', async () => {
    // 128 KB for each 4 bytes.
    const block = Buffer.from([2, 0, 16, 97]);
    const bytes = Buffer.concat([frame([0x00, 0x58], 0).subarray(0, 6), ...Array(20_000).fill(block)]);
    const limits = { entries: 1, bytes: 1e12, ratio: 100 };
    const source = new LimitedSource(
      new ZstdSource(new MemorySource(bytes), 'x'),
      limits,
      () => bytes.length,
      'x',
    );
    const target = Buffer.alloc(1 << 20);
    let given = 0;
    const all = async () => {
      for (let got = 1; got > 0; given += got) got = await source.read(target, 0);
    };
    await expect(all()).rejects.toMatchObject({ code: 'ENTRY_RATIO_EXCEEDED' });
    expect(given).toBeLessThan(64e6);
  });
});
