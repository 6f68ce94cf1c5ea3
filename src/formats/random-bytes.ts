import type { ByteSource } from './byte-source.ts';

/** Bytes that can be read at any position: an open file, or a buffer. */
export interface RandomBytes {
  /** Displayed in errors. */
  readonly name: string;
  readonly size: number;
  /** Reads at most `length` bytes at `position` into `target` from `offset` on; gives how many, 0 only at the end. */
  readInto(target: Buffer, offset: number, length: number, position: number): Promise<number>;
}

/** Reads exactly `length` bytes; null when there are fewer. */
export async function readExactly(
  bytes: RandomBytes,
  position: number,
  length: number,
): Promise<Buffer | null> {
  const buffer = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length; ) {
    const got = await bytes.readInto(buffer, filled, length - filled, position + filled);
    if (got === 0) return null;
    filled += got;
  }
  return buffer;
}

/** A part of such bytes, from its start to its end. */
export class RangeSource implements ByteSource {
  /** Bytes read so far. */
  position = 0;

  constructor(
    private readonly bytes: Pick<RandomBytes, 'readInto'>,
    private readonly start: number,
    private readonly length: number,
  ) {}

  async read(target: Buffer, offset: number): Promise<number> {
    const wanted = Math.min(target.length - offset, this.length - this.position);
    if (wanted === 0) return 0;
    const got = await this.bytes.readInto(target, offset, wanted, this.start + this.position);
    this.position += got;
    return got;
  }

  async close(): Promise<void> {}
}
