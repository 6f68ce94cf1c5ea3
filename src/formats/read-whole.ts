import type { ByteSource } from './byte-source.ts';

const CHUNK_BYTES = 64 * 1024;

/** Reads a source to its end and closes it; null when it gives more than `limit` bytes. */
export async function readWhole(source: ByteSource, limit: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let total = 0;
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, limit + 1 - total));
      const filled = await fill(source, chunk);
      total += filled;
      if (total > limit) return null;
      chunks.push(chunk.subarray(0, filled));
      if (filled < chunk.length) return Buffer.concat(chunks);
    }
  } finally {
    await source.close();
  }
}

/** Sources that give little at a time must not cost a large buffer each time. */
async function fill(source: ByteSource, chunk: Buffer): Promise<number> {
  let filled = 0;
  while (filled < chunk.length) {
    const got = await source.read(chunk, filled);
    if (got === 0) break;
    filled += got;
  }
  return filled;
}
