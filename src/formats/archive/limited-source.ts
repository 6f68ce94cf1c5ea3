import { SluiceError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { type ArchiveLimits, RATIO_FREE_BYTES } from './archive.ts';

/** Stops a decompression that gives more than is allowed, as soon as it does. */
export class LimitedSource implements ByteSource {
  private given = 0;

  constructor(
    private readonly source: ByteSource,
    private readonly limits: ArchiveLimits,
    /** Compressed bytes taken so far. */
    private readonly taken: () => number,
    /** Displayed in errors. */
    private readonly title: string,
  ) {}

  async read(target: Buffer, offset: number): Promise<number> {
    const got = await this.source.read(target, offset);
    this.given += got;
    const { bytes, ratio } = this.limits;
    if (this.given > bytes)
      throw new SluiceError('ARCHIVE_TOO_LARGE', {
        file: this.title,
        bytes: `more than ${bytes}`,
        limit: bytes,
      });
    if (this.given > RATIO_FREE_BYTES && this.given > this.taken() * ratio)
      throw new SluiceError('ENTRY_RATIO_EXCEEDED', { file: this.title, limit: ratio });
    return got;
  }

  close(): Promise<void> {
    return this.source.close();
  }
}
