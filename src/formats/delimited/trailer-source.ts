import type { ByteSource } from '../byte-source.ts';

/** The longest line that is looked at as a trailer. */
const LONGEST_BYTES = 64 * 1024;
const CHUNK_BYTES = 256 * 1024;

/**
 * Keeps the trailer of a feed, its last line when that matches, from being read as a record. Lines that hold nothing may
 * follow it.
 */
export class TrailerSource implements ByteSource {
  /** What the trailer says; null before the end was read, and when there is none. */
  count: number | null = null;
  private held: Buffer = Buffer.alloc(0);
  private readonly chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  private ended = false;

  /** @param pattern its group `count` is the number of records */
  constructor(
    private readonly source: ByteSource,
    private readonly pattern: RegExp,
  ) {}

  async read(target: Buffer, offset: number): Promise<number> {
    while (!this.ended && this.held.length <= LONGEST_BYTES) await this.refill();
    const free = this.ended ? this.held.length : this.held.length - LONGEST_BYTES;
    const copied = this.held.copy(target, offset, 0, free);
    this.held = this.held.subarray(copied);
    return copied;
  }

  close(): Promise<void> {
    return this.source.close();
  }

  private async refill(): Promise<void> {
    const got = await this.source.read(this.chunk, 0);
    if (got > 0) {
      this.held = Buffer.concat([this.held, this.chunk.subarray(0, got)]);
      return;
    }
    this.ended = true;
    const start = lastLine(this.held);
    this.count = trailerCount(this.held.toString('utf8', start), this.pattern);
    if (this.count !== null) this.held = this.held.subarray(0, start);
  }
}

/** The start of a file without the trailer, when it is the whole file; for looking at it in any encoding. */
export function withoutTrailer(bytes: Buffer, pattern: RegExp): Buffer {
  const isWide = bytes.subarray(0, LONGEST_BYTES).includes(0);
  const start = lastLine(bytes);
  const line = bytes.toString(isWide ? 'latin1' : 'utf8', start).replaceAll('\0', '');
  return trailerCount(line, pattern) === null
    ? bytes
    : bytes.subarray(0, isWide ? start + (start % 2) : start);
}

/** Offset at which the last line begins that holds something. */
function lastLine(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && EMPTY.has(bytes[end - 1] as number)) end--;
  while (end > 0 && bytes[end - 1] !== LF && bytes[end - 1] !== CR) end--;
  return end;
}

function trailerCount(line: string, pattern: RegExp): number | null {
  const found = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).exec(line.trim());
  const count = Number(found?.groups?.['count'] ?? Number.NaN);
  return Number.isSafeInteger(count) && count >= 0 ? count : null;
}

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = new Set([LF, CR, 0x20, 0x09, 0]);
