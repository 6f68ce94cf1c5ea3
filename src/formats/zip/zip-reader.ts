import { RandomAccessReader } from 'yauzl';
import type { RandomBytes } from '../random-bytes.ts';

/** The list of an archive is read in small steps, one after the other; this much is read ahead. */
const WINDOW_BYTES = 64 * 1024;

/** Lets yauzl read through our own handle, with its guards. */
export class ZipReader extends RandomAccessReader {
  private window: Buffer = Buffer.alloc(0);
  private windowStart = 0;

  constructor(private readonly bytes: RandomBytes) {
    super();
  }

  override read(
    target: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.fill(target.subarray(offset, offset + length), position).then(
      (got) => callback(null, got),
      (error: unknown) => callback(error as Error),
    );
  }

  private async fill(target: Buffer, position: number): Promise<number> {
    if (!Number.isSafeInteger(position) || position < 0) return 0;
    if (!this.holds(position, target.length)) await this.readWindow(position, target.length);
    const from = position - this.windowStart;
    return this.window.copy(target, 0, from, from + target.length);
  }

  private holds(position: number, length: number): boolean {
    return position >= this.windowStart && position + length <= this.windowStart + this.window.length;
  }

  private async readWindow(position: number, length: number): Promise<void> {
    const window = Buffer.allocUnsafe(Math.max(WINDOW_BYTES, length));
    let filled = 0;
    while (filled < window.length) {
      const got = await this.bytes.readInto(window, filled, window.length - filled, position + filled);
      if (got === 0) break;
      filled += got;
    }
    this.window = window.subarray(0, filled);
    this.windowStart = position;
  }
}
