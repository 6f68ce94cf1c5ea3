import type { ByteSource } from '../byte-source.ts';

const SKIP_BYTES = 256 * 1024;

/** Bytes that can only be read from their start, made addressable: reading goes on from where it is, or starts over. */
export class Tape {
  private source: ByteSource | null = null;
  private position = 0;

  constructor(private readonly reopen: () => ByteSource) {}

  /** Reads at most `length` bytes at `position`; gives how many, 0 only at the end. One reader at a time. */
  async readInto(target: Buffer, offset: number, length: number, position: number): Promise<number> {
    const source = await this.wind(position);
    const got = await source.read(target.subarray(0, offset + length), offset);
    this.position += got;
    return got;
  }

  private async wind(position: number): Promise<ByteSource> {
    if (this.source !== null && this.position > position) {
      await this.source.close();
      this.source = null;
    }
    if (this.source === null) {
      this.source = this.reopen();
      this.position = 0;
    }
    const scratch = Buffer.allocUnsafe(Math.min(SKIP_BYTES, position - this.position));
    while (this.position < position) {
      const got = await this.source.read(scratch.subarray(0, position - this.position), 0);
      if (got === 0) break;
      this.position += got;
    }
    return this.source;
  }
}
