import { SluiceError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { cutUtf8Bytes } from './decode.ts';
import type { Dialect } from './dialect.ts';
import { type Evidence, fieldCountEvidence, readsOn } from './reads-on.ts';
import { RecordEnd } from './record-end.ts';
import { compileRules, HAZARD, type Scan, type ScanRules, scanRecords } from './scan.ts';

/** Whole records, a few MB of them: the unit of COPY and of error isolation. */
export interface Block {
  readonly bytes: Buffer;
  readonly records: number;
  /** Record number (from 1) of the first record in the block. */
  readonly firstRecord: number;
  /** Physical line (from 1) in the file at which the block starts. */
  readonly firstLine: number;
  /** Union of HAZARD bits. */
  readonly hazards: number;
  /**
   * Set when the bytes are no whole records but the piece of this number, from 0, of one that is longer than is
   * allowed. The first piece counts as the record; the others follow it at once, and have `records` 0.
   */
  readonly piece?: number;
}

export interface BlockReaderOptions {
  readonly dialect: Dialect;
  readonly columnCount: number;
  /** Target size of a block in bytes. */
  readonly blockBytes: number;
  /** Size of the first one when less will do; default: `blockBytes`. */
  readonly firstBlockBytes?: number;
  /** A longer record comes in pieces; a longer head is refused. */
  readonly maxRecordBytes: number;
  /** Facts for errors. */
  readonly file: string;
  /** The source ends somewhere in the file (a sample): its last record is not taken for a whole one. */
  readonly partial?: boolean;
  /** What shows that a quote is one too many, and the lines after it are records; default: their number of fields. */
  readonly evidence?: Evidence;
}

/**
 * Cuts a byte source into blocks of whole records. Memory is one block, or one record when that is longer.
 * The preamble and the header are taken off first and kept in `head`. The last `Block` is followed by null.
 *
 * A record whose quote is never closed is a block of its own (HAZARD.unterminatedQuote): the line of the quote when
 * what follows reads as records, else everything to the end of the file. One that is longer than is allowed comes in
 * pieces. Throws UNTERMINATED_QUOTE for one that is both.
 */
export class BlockReader {
  /** Everything before the first data record, byte for byte. */
  head: Buffer = Buffer.alloc(0);
  private readonly rules: ScanRules;
  private buffer: Buffer;
  private readonly free: Buffer[] = [];
  private filled = 0;
  private eof = false;
  private started = false;
  private nextRecord = 1;
  private nextLine = 1;
  /** The record that is being handed out in pieces, and the line at which it starts. */
  private long: { readonly end: RecordEnd; readonly line: number; pieces: number } | null = null;

  constructor(
    private readonly source: ByteSource,
    private readonly options: BlockReaderOptions,
  ) {
    this.rules = compileRules(options.dialect, options.columnCount);
    const { firstBlockBytes = options.blockBytes } = options;
    this.buffer = Buffer.allocUnsafeSlow(
      Math.min(firstBlockBytes, options.blockBytes, options.maxRecordBytes + 1),
    );
  }

  /** Records handed out so far. */
  get recordsRead(): number {
    return this.nextRecord - 1;
  }

  /** True once the source has nothing more to give. */
  get ended(): boolean {
    return this.eof && this.filled === 0;
  }

  private get atFileEnd(): boolean {
    return this.eof && this.options.partial !== true;
  }

  /** Gives a block's memory back: the block must not be used any more. Fresh buffers cost page faults and collection. */
  recycle(block: Block): void {
    const { buffer, byteOffset } = block.bytes;
    if (buffer.byteLength === this.options.blockBytes && byteOffset === 0)
      this.free.push(Buffer.from(buffer));
  }

  async next(): Promise<Block | null> {
    if (!this.started) await this.takeHead();
    for (;;) {
      await this.fill();
      if (this.filled === 0) return this.endFile();
      if (this.long !== null) return this.cutPiece();
      const scan = this.scanBuffer(this.atFileEnd);
      if (scan.end === 0 && this.eof && this.options.partial) return null;
      const block = scan.open >= 0 && this.atFileEnd ? this.beforeOpen() : this.whole(scan);
      if (block !== null && (block.records > 0 || block.piece !== undefined)) return block;
    }
  }

  private scanBuffer(eof: boolean): Scan {
    return scanRecords(this.buffer, 0, this.filled, this.rules, { eof });
  }

  /** The whole records that were found; when there are none yet, more has to be read. */
  private whole(scan: Scan): Block | null {
    if (scan.end > 0) return this.cut(scan);
    if (!this.isFull) return this.grow();
    if (scan.open >= 0 && this.readsOnAfter(scan.open)) return this.cutOpen(this.lineEndAfter(scan.open));
    this.long = { end: new RecordEnd(this.rules), line: this.nextLine, pieces: 0 };
    return this.cutPiece();
  }

  /** At the end of a file that ends inside quotes: what stands before that record, then the record. */
  private beforeOpen(): Block {
    const scan = this.scanBuffer(false);
    if (scan.end > 0) return this.cut(scan);
    return this.cutOpen(this.readsOnAfter(scan.open) ? this.lineEndAfter(scan.open) : this.filled);
  }

  private lineEndAfter(at: number): number {
    const found = this.buffer.subarray(0, this.filled).indexOf(this.rules.lineEnd, at);
    return found < 0 ? this.filled : found + 1;
  }

  private readsOnAfter(open: number): boolean {
    const { dialect, columnCount } = this.options;
    const evidence = this.options.evidence ?? fieldCountEvidence(dialect, columnCount);
    const rest = this.buffer.subarray(this.lineEndAfter(open), this.filled);
    return readsOn(rest, this.rules, { eof: this.eof, evidence });
  }

  /** The record whose quote stays open, up to `end`; copied, for what is behind it may be much longer. */
  private cutOpen(end: number): Block {
    const bytes = Buffer.from(this.buffer.subarray(0, end));
    return this.take(bytes, { records: 1, hazards: HAZARD.unterminatedQuote });
  }

  private cutPiece(): Block {
    const long = this.long as NonNullable<typeof this.long>;
    const usable = this.buffer.subarray(0, this.filled);
    // A character that is cut in two could not be turned back into UTF-16.
    const whole = this.eof ? this.filled : this.filled - cutUtf8Bytes(usable);
    const fed = usable.subarray(0, whole === 0 ? this.filled : whole);
    const end = long.end.find(fed);
    if (end < 0 && this.atFileEnd) this.refuseOpen();
    if (end >= 0 || this.atFileEnd) this.long = null;
    const bytes = Buffer.from(fed.subarray(0, end < 0 ? fed.length : end));
    const piece = long.pieces++;
    return { ...this.take(bytes, { records: piece === 0 ? 1 : 0, hazards: 0 }), piece };
  }

  private endFile(): null {
    if (this.long !== null) this.refuseOpen();
    this.long = null;
    return null;
  }

  private refuseOpen(): void {
    if (this.long === null || !this.long.end.insideQuotes) return;
    throw new SluiceError('UNTERMINATED_QUOTE', { file: this.options.file, line: this.long.line });
  }

  /** Takes `bytes`, a copy of the start of the buffer, out of it. */
  private take(bytes: Buffer, found: Pick<Block, 'records' | 'hazards'>): Block {
    const block = { bytes, ...found, firstRecord: this.nextRecord, firstLine: this.nextLine };
    this.nextRecord += found.records;
    this.nextLine += this.lineEndsIn(bytes);
    this.buffer.copy(this.buffer, 0, bytes.length, this.filled);
    this.filled -= bytes.length;
    return block;
  }

  private lineEndsIn(bytes: Buffer): number {
    let lines = 0;
    for (let at = bytes.indexOf(this.rules.lineEnd); at >= 0; at = bytes.indexOf(this.rules.lineEnd, at + 1))
      lines++;
    return lines;
  }

  private async takeHead(): Promise<void> {
    this.started = true;
    const { bomBytes, preambleLines, header } = this.options.dialect;
    for (;;) {
      await this.fill();
      const start = this.afterPreamble(bomBytes, preambleLines);
      if (start !== null) {
        const scan = this.scanHeader(start, header);
        if (scan.open >= 0 && this.atFileEnd) this.refuseHead(scan, preambleLines);
        if (scan.records > 0 || !header || this.eof)
          return this.dropHead(scan.end, preambleLines + scan.lines);
      } else if (this.eof) return this.dropHead(this.filled, preambleLines);
      if (this.isFull) this.refuseHead(this.scanBuffer(true), 0);
      this.grow();
    }
  }

  private refuseHead(scan: Scan, linesBefore: number): never {
    const { maxRecordBytes: limit, file } = this.options;
    const facts = { file, line: this.nextLine + linesBefore, limit };
    throw new SluiceError(scan.open >= 0 ? 'UNTERMINATED_QUOTE' : 'RECORD_TOO_LONG', facts);
  }

  private scanHeader(start: number, header: boolean): Scan {
    if (!header) return { end: start, records: 0, lines: 0, hazards: 0, open: -1 };
    return scanRecords(this.buffer, start, this.filled, this.rules, { eof: this.atFileEnd, maxRecords: 1 });
  }

  private dropHead(end: number, lines: number): void {
    this.head = Buffer.from(this.buffer.subarray(0, end));
    this.buffer.copy(this.buffer, 0, end, this.filled);
    this.filled -= end;
    this.nextLine += lines;
  }

  /** Offset after `lines` physical lines, null when the buffer does not hold them yet. */
  private afterPreamble(from: number, lines: number): number | null {
    if (this.filled < from && !this.eof) return null;
    let at = Math.min(from, this.filled);
    for (let line = 0; line < lines; line++) {
      const end = this.buffer.subarray(0, this.filled).indexOf(this.rules.lineEnd, at);
      if (end < 0) return null;
      at = end + 1;
    }
    return at;
  }

  private async fill(): Promise<void> {
    while (!this.eof && this.filled < this.buffer.length) {
      const got = await this.source.read(this.buffer, this.filled);
      if (got === 0) this.eof = true;
      this.filled += got;
    }
  }

  private cut(scan: Scan): Block {
    const { buffer, filled } = this;
    const block: Block = {
      bytes: buffer.subarray(0, scan.end),
      records: scan.records,
      firstRecord: this.nextRecord,
      firstLine: this.nextLine,
      hazards: scan.hazards,
    };
    this.nextRecord += scan.records;
    this.nextLine += scan.lines;
    this.filled = filled - scan.end;
    if (this.filled > 0 || !this.eof) {
      this.buffer = this.allocate(this.filled);
      buffer.copy(this.buffer, 0, scan.end, filled);
    }
    return block;
  }

  private allocate(atLeast: number): Buffer {
    const { blockBytes, maxRecordBytes } = this.options;
    const bytes = Math.max(Math.min(blockBytes, maxRecordBytes + 1), atLeast);
    return (bytes === blockBytes ? this.free.pop() : undefined) ?? Buffer.allocUnsafeSlow(bytes);
  }

  /** One byte more than the longest record: whether the file ends there shows only by reading on. */
  private get isFull(): boolean {
    return this.buffer.length > this.options.maxRecordBytes;
  }

  private grow(): null {
    const larger = Buffer.allocUnsafe(Math.min(this.buffer.length * 2, this.options.maxRecordBytes + 1));
    this.buffer.copy(larger, 0, 0, this.filled);
    this.buffer = larger;
    return null;
  }
}
