import type { ByteSource } from '../byte-source.ts';

/** The last bytes of a gzip file may be zeros of its own: an empty checksum, an empty size, the end of the data. */
const KEPT_ZEROS = 64;

/**
 * Leaves out most of the zeros that a compressed file is padded with at its end (tapes, block devices, pre-allocation; gzip(1)
 * takes no notice of them). Node's inflating takes a few as well, but breaks off when there are many, and passes over what
 * stands behind them.
 */
export class PaddingSource implements ByteSource {
  /** Bytes given up to the last that is no zero. */
  dataEnd = 0;
  private given = 0;
  /** Zeros read and not given, with what stands behind them. */
  private zeros = 0;
  private behind: Buffer = Buffer.alloc(0);
  private ended = false;

  constructor(private readonly source: ByteSource) {}

  async read(target: Buffer, offset: number): Promise<number> {
    while (!this.ended && this.behind.length === 0) {
      const got = await this.source.read(target, offset);
      const chunk = target.subarray(offset, offset + got);
      const data = dataLength(chunk);
      if (got === 0) this.end();
      else if (data === 0) this.zeros += got;
      else if (this.zeros === 0) {
        this.zeros = got - data;
        return this.give(data, data);
      } else this.behind = Buffer.from(chunk);
    }
    return this.giveHeld(target, offset);
  }

  close(): Promise<void> {
    return this.source.close();
  }

  private end(): void {
    this.ended = true;
    this.zeros = Math.min(this.zeros, KEPT_ZEROS);
  }

  private giveHeld(target: Buffer, offset: number): number {
    if (this.zeros > 0) {
      const length = Math.min(this.zeros, target.length - offset);
      target.fill(0, offset, offset + length);
      this.zeros -= length;
      return this.give(length, 0);
    }
    const data = dataLength(this.behind);
    const copied = this.behind.copy(target, offset, 0, data);
    if (copied === data) {
      this.zeros = this.behind.length - data;
      this.behind = Buffer.alloc(0);
    } else this.behind = this.behind.subarray(copied);
    return this.give(copied, copied);
  }

  private give(bytes: number, data: number): number {
    if (data > 0) this.dataEnd = this.given + data;
    this.given += bytes;
    return bytes;
  }
}

/** Length without the zeros at the end. */
function dataLength(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}
