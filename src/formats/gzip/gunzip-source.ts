import { createHash, type Hash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, SluiceError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { StreamSource } from '../stream-source.ts';

const CHUNK_BYTES = 256 * 1024;

/** Inflates a gzip file (also of several members) as it is read, and hashes what comes out. */
export class GunzipSource implements ByteSource {
  private readonly inflated: StreamSource;
  private readonly hash: Hash = createHash('sha256');

  constructor(
    compressed: ByteSource,
    private readonly name: string,
  ) {
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    // An error reaches the reader through `gunzip`, which pipeline destroys with it.
    pipeline(Readable.from(chunksOf(compressed), { highWaterMark: 1 }), gunzip, () => {});
    this.inflated = new StreamSource(gunzip);
  }

  async read(target: Buffer, offset: number): Promise<number> {
    try {
      const got = await this.inflated.read(target, offset);
      this.hash.update(target.subarray(offset, offset + got));
      return got;
    } catch (error) {
      throw error instanceof SluiceError ? error : this.refusal(error);
    }
  }

  /** SHA-256 of the inflated bytes, in hex. Ends the hashing. */
  contentSha256(): string {
    return this.hash.digest('hex');
  }

  close(): Promise<void> {
    return this.inflated.close();
  }

  private refusal(error: unknown): SluiceError {
    const file = this.name;
    if ((error as NodeJS.ErrnoException).code !== 'Z_BUF_ERROR')
      return new SluiceError('GZIP_DAMAGED', { file, reason: messageOf(error) }, error);
    return new SluiceError(
      'FILE_INCOMPLETE',
      { file, reason: 'gzip: the data ends before the trailer' },
      error,
    );
  }
}

async function* chunksOf(source: ByteSource): AsyncGenerator<Buffer> {
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const got = await source.read(chunk, 0);
    if (got === 0) return;
    yield chunk.subarray(0, got);
  }
}
