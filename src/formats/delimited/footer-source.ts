import type { ByteSource } from '../byte-source.ts';
import { decodeText } from './decode.ts';
import { detectEncoding } from './detect-encoding.ts';
import type { Dialect, Encoding } from './dialect.ts';
import { type Footer, type FooterRules, findFooter } from './footer.ts';

/** Bytes at the end of a file that are looked at: what programs write is short, what is declared may not be. */
const KNOWN_BYTES = 4 * 1024;
const DECLARED_BYTES = 64 * 1024;

export type FooterOptions = Omit<FooterRules, 'whole'>;

/** Keeps the footer of a file from being read as records. What it holds back is its last bytes; the others pass by. */
export class FooterSource implements ByteSource {
  /** Lines of the footer that would have been records; 0 before the end was read. */
  lines = 0;
  /** As it stands in the file; null when there is none. */
  text: string | null = null;
  private readonly holdBytes: number;
  private held: Buffer = Buffer.alloc(0);
  private given = 0;
  private ended = false;

  /** The source gives UTF-8 where the encoding is UTF-16. */
  constructor(
    private readonly source: ByteSource,
    private readonly encoding: Dialect['encoding'],
    private readonly options: FooterOptions,
  ) {
    this.holdBytes = options.declared === null ? KNOWN_BYTES : DECLARED_BYTES;
  }

  async read(target: Buffer, offset: number): Promise<number> {
    while (!this.ended && this.held.length <= this.holdBytes) {
      const passed =
        target.length - offset > this.held.length ? await this.pass(target, offset) : await this.hold();
      if (passed > 0) return this.give(passed);
    }
    const free = this.ended ? this.held.length : this.held.length - this.holdBytes;
    const copied = this.held.copy(target, offset, 0, free);
    this.held = this.held.subarray(copied);
    return this.give(copied);
  }

  close(): Promise<void> {
    return this.source.close();
  }

  /** Reads right into `target`, behind what was held back; gives the bytes that are not to be held back in their turn. */
  private async pass(target: Buffer, offset: number): Promise<number> {
    const before = this.held.copy(target, offset);
    const got = await this.source.read(target, offset + before);
    if (got === 0) return this.end();
    const free = Math.max(0, before + got - this.holdBytes);
    this.held = Buffer.from(target.subarray(offset + free, offset + before + got));
    return free;
  }

  /** There is no room in the target for as much as is held back. */
  private async hold(): Promise<number> {
    const chunk = Buffer.allocUnsafe(this.holdBytes);
    const got = await this.source.read(chunk, 0);
    if (got === 0) return this.end();
    this.held = Buffer.concat([this.held, chunk.subarray(0, got)]);
    return 0;
  }

  private give(bytes: number): number {
    this.given += bytes;
    return bytes;
  }

  private end(): number {
    this.ended = true;
    const { held, encoding, options } = this;
    const decode = decoder(encoding === 'latin1' || encoding === 'windows-1252' ? encoding : 'utf-8');
    const text = held.toString('latin1');
    const footer = findFooter(text, { ...options, whole: this.given === 0 }, decode);
    if (footer === null) return 0;
    this.lines = footer.lines;
    this.text = decode(text.slice(-footer.length)).replaceAll('\0', '\ufffd');
    this.held = held.subarray(0, held.length - footer.length);
    return 0;
  }
}

/** The start of a file without its footer, when it is the whole file; for looking at it in any encoding. */
export function withoutFooter(
  bytes: Buffer,
  options: FooterOptions,
  declared?: Encoding,
): { readonly bytes: Buffer; readonly footer: Footer } | null {
  const { encoding } = detectEncoding(bytes, true, declared);
  const isWide = encoding === 'utf-16le' || encoding === 'utf-16be';
  const tail = bytes.subarray(-(isWide ? 2 : 1) * (options.declared === null ? KNOWN_BYTES : DECLARED_BYTES));
  const text = isWide ? decodeText(tail, encoding) : tail.toString('latin1');
  const decode = isWide ? (line: string) => line : decoder(encoding);
  const footer = findFooter(text, { ...options, whole: tail.length === bytes.length }, decode);
  if (footer === null) return null;
  return { bytes: bytes.subarray(0, bytes.length - footer.length * (isWide ? 2 : 1)), footer };
}

/** From a character for each byte to what the bytes stand for. */
function decoder(encoding: Encoding): (line: string) => string {
  return (line) => decodeText(Buffer.from(line, 'latin1'), encoding);
}
