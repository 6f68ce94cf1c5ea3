import { createInflateRaw } from 'node:zlib';
import { messageOf, SluiceError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { DECOMPRESSION, TransformSource } from '../transform-source.ts';

/** Inflates the raw deflate stream of one entry. */
export class InflateSource implements ByteSource {
  private readonly inflate = createInflateRaw(DECOMPRESSION);
  private readonly inflated: TransformSource;

  constructor(
    compressed: ByteSource,
    private readonly compressedSize: number,
    private readonly title: string,
  ) {
    this.inflated = new TransformSource(compressed, this.inflate);
  }

  async read(target: Buffer, offset: number): Promise<number> {
    const got = await this.inflated.read(target, offset).catch((error: unknown) => {
      throw error instanceof SluiceError ? error : this.refusal(messageOf(error), error);
    });
    if (got === 0 && this.inflate.bytesWritten < this.compressedSize) {
      throw this.refusal('there are bytes behind the end of its compressed data');
    }
    return got;
  }

  close(): Promise<void> {
    return this.inflated.close();
  }

  private refusal(reason: string, cause?: unknown): SluiceError {
    return new SluiceError('ENTRY_DAMAGED', { file: this.title, reason }, cause);
  }
}
