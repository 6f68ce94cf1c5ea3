import type { ByteSource } from './byte-source.ts';
import type { RandomBytes } from './random-bytes.ts';

/** Bytes that are already in memory. */
export class MemorySource implements ByteSource {
  private position = 0;

  constructor(private readonly bytes: Buffer) {}

  async read(target: Buffer, offset: number): Promise<number> {
    const copied = this.bytes.copy(target, offset, this.position);
    this.position += copied;
    return copied;
  }

  async close(): Promise<void> {}
}

/** The same, to be read at any position. */
export class MemoryBytes implements RandomBytes {
  constructor(
    readonly name: string,
    private readonly bytes: Buffer,
  ) {}

  get size(): number {
    return this.bytes.length;
  }

  async readInto(target: Buffer, offset: number, length: number, position: number): Promise<number> {
    if (position >= this.bytes.length) return 0;
    return this.bytes.copy(target, offset, position, Math.min(this.bytes.length, position + length));
  }
}
