import { createGunzip } from 'node:zlib';
import { messageOf, SluiceError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { DECOMPRESSION, TransformSource } from '../transform-source.ts';
import { PaddingSource } from './padding-source.ts';

const BEHIND_THE_END = 'something other than zeros stands behind its end';

/** Inflates a gzip file (also of several members, also padded with zeros) as it is read. */
export class GunzipSource implements ByteSource {
  private readonly gunzip = createGunzip(DECOMPRESSION);
  private readonly compressed: PaddingSource;
  private readonly inflated: TransformSource;

  constructor(
    compressed: ByteSource,
    private readonly name: string,
  ) {
    this.compressed = new PaddingSource(compressed);
    this.inflated = new TransformSource(this.compressed, this.gunzip);
  }

  async read(target: Buffer, offset: number): Promise<number> {
    try {
      const got = await this.inflated.read(target, offset);
      if (got === 0) this.refuseGarbage();
      return got;
    } catch (error) {
      throw error instanceof SluiceError ? error : this.refusal(error);
    }
  }

  close(): Promise<void> {
    return this.inflated.close();
  }

  /** Behind zeros, Node passes over everything: another member, or what is none. */
  private refuseGarbage(): void {
    if (this.compressed.dataEnd > this.gunzip.bytesWritten) throw new Error(BEHIND_THE_END);
  }

  private refusal(error: unknown): SluiceError {
    const file = this.name;
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'Z_BUF_ERROR') {
      const endedEarly = code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ABORT_ERR';
      const reason = endedEarly ? BEHIND_THE_END : messageOf(error);
      return new SluiceError('GZIP_DAMAGED', { file, reason }, error);
    }
    return new SluiceError(
      'FILE_INCOMPLETE',
      { file, reason: 'gzip: the data ends before the trailer' },
      error,
    );
  }
}
