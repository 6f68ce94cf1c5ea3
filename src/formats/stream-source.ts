import type { Readable } from 'node:stream';
import type { ByteSource } from './byte-source.ts';

/** Reads any Node stream of Buffers by pulling. Errors of the stream surface from `read`. */
export class StreamSource implements ByteSource {
  private readonly chunks: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);

  constructor(private readonly stream: Readable) {
    this.chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async read(target: Buffer, offset: number): Promise<number> {
    while (this.rest.length === 0) {
      const next = await this.chunks.next();
      if (next.done === true) return 0;
      this.rest = next.value;
    }
    const copied = this.rest.copy(target, offset);
    this.rest = this.rest.subarray(copied);
    return copied;
  }

  async close(): Promise<void> {
    this.stream.destroy();
  }
}
