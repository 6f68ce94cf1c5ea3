import { createGunzip } from 'node:zlib';
import { messageOf, SluiceError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { CHUNK_BYTES, TransformSource } from '../transform-source.ts';

/** Inflates a gzip file (also of several members) as it is read. */
export class GunzipSource implements ByteSource {
  private readonly inflated: TransformSource;

  constructor(
    compressed: ByteSource,
    private readonly name: string,
  ) {
    this.inflated = new TransformSource(compressed, createGunzip({ chunkSize: CHUNK_BYTES }));
  }

  async read(target: Buffer, offset: number): Promise<number> {
    try {
      return await this.inflated.read(target, offset);
    } catch (error) {
      throw error instanceof SluiceError ? error : this.refusal(error);
    }
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
