import { TextDecoder } from 'node:util';
import { SluiceError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import type { Dialect, Encoding } from './dialect.ts';

const CHUNK_BYTES = 256 * 1024;

/** Turns UTF-16 into UTF-8 as it is read, for Postgres cannot. Half a surrogate pair is an error, never a `�`. */
export class Utf16Source implements ByteSource {
  private readonly decoder: TextDecoder;
  private readonly chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  private rest: Buffer = Buffer.alloc(0);
  private ended = false;

  constructor(
    private readonly source: ByteSource,
    encoding: 'utf-16le' | 'utf-16be',
    private readonly name: string,
  ) {
    this.decoder = new TextDecoder(encoding, { fatal: true });
  }

  async read(target: Buffer, offset: number): Promise<number> {
    while (this.rest.length === 0 && !this.ended) await this.refill();
    const copied = this.rest.copy(target, offset);
    this.rest = this.rest.subarray(copied);
    return copied;
  }

  close(): Promise<void> {
    return this.source.close();
  }

  private async refill(): Promise<void> {
    const got = await this.source.read(this.chunk, 0);
    this.ended = got === 0;
    try {
      const text = this.decoder.decode(this.chunk.subarray(0, got), { stream: !this.ended });
      this.rest = Buffer.from(text, 'utf8');
    } catch (error) {
      throw new SluiceError('ENCODING_INVALID', { file: this.name, encoding: this.decoder.encoding }, error);
    }
  }
}

export function isUtf16(encoding: Encoding): encoding is 'utf-16le' | 'utf-16be' {
  return encoding === 'utf-16le' || encoding === 'utf-16be';
}

/** The dialect of what the splitter and Postgres see: UTF-16 has become UTF-8, without a mark. */
export function asRead(dialect: Dialect): Dialect {
  return isUtf16(dialect.encoding) ? { ...dialect, encoding: 'utf-8', bomBytes: 0 } : dialect;
}

/** Bytes as they stood in the file, from what the splitter saw. */
export function originalBytes(dialect: Dialect, bytes: Buffer): Buffer {
  if (!isUtf16(dialect.encoding)) return bytes;
  const littleEndian = Buffer.from(bytes.toString('utf8'), 'utf16le');
  return dialect.encoding === 'utf-16le' ? littleEndian : littleEndian.swap16();
}

/** The same for the start of a file, whose byte-order mark the decoder has taken off. */
export function originalHead(dialect: Dialect, head: Buffer): Buffer {
  if (!isUtf16(dialect.encoding)) return head;
  const mark = dialect.bomBytes > 0 ? '\ufeff' : '';
  return originalBytes(dialect, Buffer.concat([Buffer.from(mark, 'utf8'), head]));
}
