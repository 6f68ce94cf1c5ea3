import { pipeline, Readable, type Transform } from 'node:stream';
import type { ByteSource } from './byte-source.ts';
import { StreamSource } from './stream-source.ts';

/** Bytes that are read at once; measured: twice as fast as Node's default of 16 KB. */
export const CHUNK_BYTES = 256 * 1024;
const INFLATED_BYTES = 1024 * 1024;

/**
 * Options of a decompression. It goes on in its own thread while what it has made is worked on; by default it would wait
 * after each chunk until somebody asks for the next. After each it also waits for the main thread, which is often busy: so they are large.
 */
export const DECOMPRESSION = { chunkSize: INFLATED_BYTES, readableHighWaterMark: 4 * INFLATED_BYTES };

/** What a transform stream makes of a source, read by pulling. Errors of either surface from `read`. */
export class TransformSource implements ByteSource {
  private readonly output: StreamSource;
  /** Resolves when the source has been read to its end, with the error that this brought. */
  private readonly ended: Promise<unknown>;

  constructor(
    private readonly source: ByteSource,
    transform: Transform,
  ) {
    // An error reaches the reader through `transform`, which pipeline destroys with it.
    this.ended = new Promise((resolve) => {
      pipeline(Readable.from(chunksOf(source), { highWaterMark: 1 }), transform, (error) => resolve(error));
    });
    this.output = new StreamSource(transform);
  }

  /** A transform may be at its end before the source is: what the source finds wrong at its own end counts too. */
  async read(target: Buffer, offset: number): Promise<number> {
    const got = await this.output.read(target, offset);
    if (got > 0) return got;
    const error = await this.ended;
    if (error) throw error;
    return 0;
  }

  async close(): Promise<void> {
    await this.output.close();
    await this.source.close();
  }
}

/** A source as a series of buffers, each of its own. */
export async function* chunksOf(source: ByteSource): AsyncGenerator<Buffer> {
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const got = await source.read(chunk, 0);
    if (got === 0) return;
    yield chunk.subarray(0, got);
  }
}
