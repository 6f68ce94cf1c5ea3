import type { WebStream } from 'openpgp';
import type { ByteSource } from '../byte-source.ts';
import { CHUNK_BYTES } from '../transform-source.ts';

/** A source as the stream that openpgp takes. Nothing is read before it is asked for, and nothing after `end`. */
export class Feed {
  /** What reading the source failed with: openpgp reports it as an error of its own. */
  error: unknown = null;
  private reading: Promise<void> = Promise.resolve();
  private ended = false;
  private pulls = 0;
  private isReading = false;

  constructor(private readonly source: ByteSource) {}

  binary(): WebStream<Uint8Array> {
    return this.stream((chunk) => chunk);
  }

  text(): WebStream<string> {
    return this.stream((chunk) => chunk.toString('latin1'));
  }

  /** Grows with each read; null while one is under way. */
  moves(): number | null {
    return this.isReading ? null : this.pulls;
  }

  /** Reads what openpgp had no need of, so that the whole source has been read. */
  async drain(): Promise<void> {
    await this.end();
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    while ((await this.source.read(buffer, 0)) > 0);
  }

  /** Resolves when no read is under way; none begins any more. */
  async end(): Promise<void> {
    this.ended = true;
    await this.reading;
  }

  private stream<T>(convert: (chunk: Buffer) => T): WebStream<T> {
    const pull = (controller: ReadableStreamDefaultController<T>) => {
      this.reading = this.pull(controller, convert);
      return this.reading;
    };
    return new ReadableStream<T>({ pull }, { highWaterMark: 0 }) as WebStream<T>;
  }

  private async pull<T>(
    controller: ReadableStreamDefaultController<T>,
    convert: (chunk: Buffer) => T,
  ): Promise<void> {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    this.pulls++;
    this.isReading = true;
    try {
      const got = this.ended ? 0 : await this.source.read(chunk, 0);
      if (got === 0) controller.close();
      else controller.enqueue(convert(chunk.subarray(0, got)));
    } catch (error) {
      this.error = error;
      controller.error(error);
    } finally {
      this.isReading = false;
    }
  }
}
