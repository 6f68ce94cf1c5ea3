import type { ByteSource } from './byte-source.ts';

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
