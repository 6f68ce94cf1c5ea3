import { SluiceError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import type { Dialect } from './dialect.ts';
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
}

export interface BlockReaderOptions {
  readonly dialect: Dialect;
  readonly columnCount: number;
  /** Target size of a block in bytes. */
  readonly blockBytes: number;
  /** Size of the first one when less will do; default: `blockBytes`. */
  readonly firstBlockBytes?: number;
  /** A longer record is refused. */
  readonly maxRecordBytes: number;
  /** Facts for errors. */
  readonly file: string;
  /** The source ends somewhere in the file (a sample): its last record is not taken for a whole one. */
  readonly partial?: boolean;
}

/**
 * Cuts a byte source into blocks of whole records. Memory is one block, or one record when that is longer.
 * The preamble and the header are taken off first and kept in `head`. The last `Block` is followed by null.
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
      if (this.filled === 0) return null;
      const scan = scanRecords(this.buffer, 0, this.filled, this.rules, { eof: this.atFileEnd });
      if (scan.end === 0 && this.eof && this.options.partial) return null;
      this.refuseUnterminated(scan);
      if (scan.end > 0) {
        const block = this.cut(scan);
        if (block.records > 0) return block;
      } else this.grow();
    }
  }

  private async takeHead(): Promise<void> {
    this.started = true;
    const { bomBytes, preambleLines, header } = this.options.dialect;
    for (;;) {
      await this.fill();
      const start = this.afterPreamble(bomBytes, preambleLines);
      if (start !== null) {
        const scan = this.scanHeader(start, header);
        if (scan.records > 0 || !header || this.eof)
          return this.dropHead(scan.end, preambleLines + scan.lines);
      } else if (this.eof) return this.dropHead(this.filled, preambleLines);
      this.grow();
    }
  }

  private scanHeader(start: number, header: boolean): Scan {
    if (!header) return { end: start, records: 0, lines: 0, hazards: 0 };
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

  private grow(): void {
    const { maxRecordBytes, file } = this.options;
    // One byte more than the longest record: whether the file ends there shows only by reading on.
    if (this.buffer.length > maxRecordBytes) {
      const facts = { file, line: this.nextLine, limit: maxRecordBytes };
      throw new SluiceError(this.insideQuotes() ? 'UNTERMINATED_QUOTE' : 'RECORD_TOO_LONG', facts);
    }
    const larger = Buffer.allocUnsafe(Math.min(this.buffer.length * 2, maxRecordBytes + 1));
    this.buffer.copy(larger, 0, 0, this.filled);
    this.buffer = larger;
  }

  private insideQuotes(): boolean {
    const asIfEnded = scanRecords(this.buffer, 0, this.filled, this.rules, { eof: true });
    return (asIfEnded.hazards & HAZARD.unterminatedQuote) !== 0;
  }

  private refuseUnterminated(scan: Scan): void {
    if ((scan.hazards & HAZARD.unterminatedQuote) === 0) return;
    const line = this.nextLine + this.linesBeforeLastRecord();
    throw new SluiceError('UNTERMINATED_QUOTE', { file: this.options.file, line });
  }

  /** Lines before the record that never ends: everything that is complete without it. */
  private linesBeforeLastRecord(): number {
    return scanRecords(this.buffer, 0, this.filled, this.rules, { eof: false }).lines;
  }
}
