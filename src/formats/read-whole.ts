import type { ByteSource } from './byte-source.ts';

/** Reads a source to its end and closes it; null when it gives more than `limit` bytes. */
export async function readWhole(source: ByteSource, limit: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let total = 0;
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.min(64 * 1024, limit + 1 - total));
      const got = await source.read(chunk, 0);
      if (got === 0) return Buffer.concat(chunks);
      total += got;
      if (total > limit) return null;
      chunks.push(chunk.subarray(0, got));
    }
  } finally {
    await source.close();
  }
}
