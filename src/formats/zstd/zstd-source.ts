import { createContext, Script } from 'node:vm';
import { Decompress } from 'fzstd';
import xxhash, { type XXHash } from 'xxhash-wasm';
import { messageOf, SluiceError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { CHUNK_BYTES } from '../transform-source.ts';
import {
  BLOCK_HEADER_BYTES,
  CHECKSUM_BYTES,
  type FrameHeader,
  headerLength,
  isSkippable,
  MAGIC,
  MOST_BLOCK_BYTES,
  MOST_WINDOW_BYTES,
  parseBlockHeader,
  parseHeader,
} from './frame.ts';

/** A block is 128 KB at most, and takes a millisecond; one that is made to take minutes would stop everything else. */
const MOST_BLOCK_MS = 3_000;
const GUARDED = new Script('work()');

/**
 * Unpacks Zstandard (also several frames) as it is read, a block at a time. The decoder is fzstd; where frames and blocks end, their limits, sizes and checksums, of which
 * it takes no notice, are seen to here.
 */
export class ZstdSource implements ByteSource {
  private readonly input: Input;
  private frame: Frame | null = null;
  private output: Uint8Array[] = [];

  constructor(
    compressed: ByteSource,
    private readonly name: string,
  ) {
    this.input = new Input(compressed);
  }

  async read(target: Buffer, offset: number): Promise<number> {
    try {
      while (this.output.length === 0) if (!(await this.advance())) return 0;
    } catch (error) {
      throw this.refusal(error);
    }
    const [first = new Uint8Array()] = this.output;
    const copied = Buffer.from(first.buffer, first.byteOffset, first.length).copy(target, offset);
    if (copied === first.length) this.output.shift();
    else this.output[0] = first.subarray(copied);
    return copied;
  }

  close(): Promise<void> {
    return this.input.source.close();
  }

  /** Reads one block, or the beginning of a frame; false at the end. */
  private async advance(): Promise<boolean> {
    if (this.frame === null) return this.beginFrame();
    this.output = (await this.frame.nextBlock(this.input)).filter(({ length }) => length > 0);
    if (this.frame.ended) this.frame = null;
    return true;
  }

  private async beginFrame(): Promise<boolean> {
    const start = await this.input.take(4, 'end');
    if (start.length === 0) return false;
    const magic = start.readUInt32LE(0);
    if (isSkippable(magic)) {
      await this.input.skip((await this.input.take(4)).readUInt32LE(0));
      return true;
    }
    if (magic !== MAGIC)
      throw new Damaged(this.input.isAtFirst ? 'it is none' : 'something else stands behind its end');
    const descriptor = Buffer.concat([start, await this.input.take(1)]);
    const header = Buffer.concat([descriptor, await this.input.take(headerLength(descriptor) - 5)]);
    this.frame = await Frame.begin(header);
    return true;
  }

  private refusal(error: unknown): unknown {
    if (error instanceof SluiceError) return error;
    const file = this.name;
    if (error instanceof Cut)
      return new SluiceError(
        'FILE_INCOMPLETE',
        { file, reason: 'zstd: the data ends within a frame' },
        error,
      );
    return new SluiceError('ZSTD_DAMAGED', { file, reason: messageOf(error) }, error);
  }
}

/** The data ends where more has to come. */
class Cut extends Error {}

class Damaged extends Error {}

/** One frame, block by block. */
class Frame {
  ended = false;
  private output: Uint8Array[] = [];
  private given = 0;
  private readonly decoder = new Decompress((chunk) => this.output.push(chunk));
  private readonly context: object;
  private work = (): void => {};

  private constructor(
    private readonly header: FrameHeader,
    /** What the decoder has not been given yet. */
    private before: Buffer,
    private readonly hash: XXHash<bigint> | null,
  ) {
    this.context = createContext({ work: () => this.work() });
  }

  static async begin(bytes: Buffer): Promise<Frame> {
    const header = parseHeader(bytes);
    if (((bytes[4] ?? 0) & 8) !== 0) throw new Damaged('a reserved bit is set');
    if (header.dictionary !== 0) throw new Damaged('it needs a dictionary, which is not in it');
    if (header.window > MOST_WINDOW_BYTES)
      throw new Damaged(`it needs ${header.window} bytes of memory; the limit is ${MOST_WINDOW_BYTES}`);
    return new Frame(header, bytes, header.hasChecksum ? (await xxhash()).create64() : null);
  }

  async nextBlock(input: Input): Promise<Uint8Array[]> {
    const head = await input.take(BLOCK_HEADER_BYTES);
    const { isLast, type, size, stored } = parseBlockHeader(head);
    if (type === 3) throw new Damaged('a block is of a kind that does not exist');
    if (size > Math.min(MOST_BLOCK_BYTES, Math.max(this.header.window, 1024)))
      throw new Damaged('a block is larger than blocks may be');
    const data = await input.take(stored);
    const sum = isLast && this.hash !== null ? await input.take(CHECKSUM_BYTES) : Buffer.alloc(0);
    const output = this.decode(Buffer.concat([this.before, head, data, sum]), isLast);
    this.before = Buffer.alloc(0);
    for (const chunk of output) {
      this.hash?.update(chunk);
      this.given += chunk.length;
    }
    if (isLast) this.finish(sum);
    return output;
  }

  private decode(bytes: Buffer, isLast: boolean): Uint8Array[] {
    this.output = [];
    this.work = () => this.decoder.push(bytes, isLast);
    GUARDED.runInContext(this.context, { timeout: MOST_BLOCK_MS });
    return this.output;
  }

  private finish(sum: Buffer): void {
    this.ended = true;
    const { contentSize } = this.header;
    if (contentSize !== null && contentSize !== this.given)
      throw new Damaged(`it unpacks to ${this.given} bytes, and says ${contentSize}`);
    if (this.hash !== null && Number(this.hash.digest() & 0xffff_ffffn) !== sum.readUInt32LE(0))
      throw new Damaged('the checksum of its content does not agree');
  }
}

/** Compressed bytes, so many at a time. */
class Input {
  isAtFirst = true;
  private rest: Buffer = Buffer.alloc(0);
  private taken = 0;

  constructor(readonly source: ByteSource) {}

  /** Exactly so many bytes. Throws at the end of the data; with `end`, nothing may be left instead. */
  async take(length: number, orEnd?: 'end'): Promise<Buffer> {
    while (this.rest.length < length) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const got = await this.source.read(chunk, 0);
      if (got === 0) {
        if (orEnd !== undefined && this.rest.length === 0) return this.rest;
        throw new Cut('the data ends within a frame');
      }
      this.rest = Buffer.concat([this.rest, chunk.subarray(0, got)]);
    }
    const taken = this.rest.subarray(0, length);
    this.rest = this.rest.subarray(length);
    this.isAtFirst = this.taken === 0;
    this.taken += length;
    return taken;
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; left -= CHUNK_BYTES) await this.take(Math.min(left, CHUNK_BYTES));
  }
}
