import { Transform } from 'node:stream';

/** A larger chunk is compressed in one call; smaller ones would each cross into the compressor. */
const LEVEL = 3;

/** Compresses what is written to it into one zstd frame. Loaded only when it is asked for. */
export async function createZstd(): Promise<Transform> {
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  const zstd = await Zstd.load();
  zstd.reset();
  zstd.setCompressionLevel(LEVEL);
  // What the compressor gives lies in its memory until the next call.
  const copied = (bytes: Uint8Array) => (bytes.length === 0 ? undefined : Buffer.from(bytes));
  return new Transform({
    transform(chunk: Buffer, _, done) {
      done(null, copied(zstd.compressChunk(chunk)));
    },
    flush(done) {
      done(null, copied(zstd.compressEnd()));
    },
  });
}
