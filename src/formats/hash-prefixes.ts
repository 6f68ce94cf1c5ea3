import { createHash } from 'node:crypto';
import type { SourceHandle } from './file-handle.ts';

const CHUNK_BYTES = 1024 * 1024;

/** SHA-256 (hex) of the first so many bytes of a file, by length; reads no further than the longest. */
export async function hashPrefixes(
  handle: Pick<SourceHandle, 'readAt'>,
  lengths: readonly number[],
): Promise<Map<number, string>> {
  const hash = createHash('sha256');
  const prefixes = new Map<number, string>();
  let position = 0;
  for (const length of [...new Set(lengths)].sort((a, b) => a - b)) {
    while (position < length) {
      const chunk = await handle.readAt(position, Math.min(CHUNK_BYTES, length - position));
      if (chunk.length === 0) return prefixes;
      hash.update(chunk);
      position += chunk.length;
    }
    prefixes.set(length, hash.copy().digest('hex'));
  }
  return prefixes;
}
