import type { Source } from '../../src/sources/source.ts';

/** Reads a table's beginning, at most so many times, and closes the reading. Gives how many bytes came. */
export async function readBriefly(source: Source, relation: string, times: number): Promise<number> {
  const columns = await source.describe({ relation });
  const wanted = columns.map((column) => ({ ...column, written: 'postgres' as const }));
  const reading = await source.read({ relation }, wanted);
  const buffer = Buffer.allocUnsafe(64 * 1024);
  let bytes = 0;
  try {
    for (let time = 0; time < times; time++) {
      const got = await reading.read(buffer, 0);
      if (got === 0) break;
      bytes += got;
    }
    return bytes;
  } finally {
    await reading.close();
  }
}
