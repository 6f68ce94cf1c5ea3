import { isUtf8 } from 'node:buffer';
import type { Block } from '../../../formats/delimited/block-reader.ts';
import type { Dialect } from '../../../formats/delimited/dialect.ts';
import { QuickLook } from '../../../formats/delimited/quick-look.ts';
import type { RecordSpan } from '../../../formats/delimited/records.ts';
import { type ColumnEncoding, VALUE_ROOM } from './columns.ts';
import { Output } from './output.ts';
import { WholeNumberRecords } from './whole-numbers.ts';

const LF = 0x0a;
const CR = 0x0d;
/** Source: Postgres's documentation of COPY, "Binary Format". */
const HEAD = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TAIL = Buffer.from([0xff, 0xff]);
const NULL_LENGTH = -1;
/** Bytes handed on at once: they stay in the processor's cache. */
const CHUNK_BYTES = 256 * 1024;
/** From here on the runtime's own search and copying are faster than a loop. */
const LONG_TEXT = 48;

/**
 * Writes the records of a block in Postgres's binary COPY format, each with its number in front. A record with any
 * value of which it is not certain what Postgres would make of its text is left out, and named in `doubtful`.
 */
export class BlockEncoder {
  /** Records left out of what has been encoded so far. */
  doubtful: RecordSpan[] = [];
  /** Records in what has been encoded so far. */
  rows = 0;
  private out: Output;
  private readonly writers: readonly ColumnEncoding['write'][];
  private readonly longest: readonly number[];
  private readonly delimiter: number;
  private readonly quote: number;
  private readonly nullMarker: Buffer;
  private readonly lineEnd: number;
  private readonly fixedRoom: number;
  /** Null where some column holds anything else. */
  private readonly wholeNumbers: WholeNumberRecords | null;
  private block: Block | null = null;
  private at = 0;
  private record = 0;
  private wellEncoded = true;
  private linesAt = 0;
  private lines = 0;
  private state: 'head' | 'rows' | 'done' = 'done';

  constructor(dialect: Dialect, columns: readonly ColumnEncoding[], chunkBytes = CHUNK_BYTES) {
    this.writers = columns.map(({ write }) => write);
    this.longest = columns.map(({ longest }) => longest);
    this.delimiter = dialect.delimiter.charCodeAt(0);
    this.quote = dialect.quote === null ? -1 : dialect.quote.charCodeAt(0);
    this.nullMarker = Buffer.from(dialect.nullMarker, 'utf8');
    this.lineEnd = dialect.newline === '\r' ? CR : LF;
    this.fixedRoom = HEAD.length + TAIL.length + 2 + 12 + columns.length * VALUE_ROOM;
    this.out = new Output(Math.max(chunkBytes, this.fixedRoom));
    const isDigits = (mark: string) => /^[-\d]/.test(mark);
    const onlyWholeNumbers =
      columns.every(({ width }) => width > 0) && ![dialect.nullMarker, dialect.delimiter].some(isDigits);
    this.wholeNumbers = onlyWholeNumbers
      ? new WholeNumberRecords(
          Uint8Array.from(columns, ({ width }) => width),
          this.delimiter,
          dialect.nullMarker === '',
          this.fixedRoom,
        )
      : null;
  }

  /** Only where one byte divides fields, quotes are doubled or absent, and text needs no other encoding. */
  static suits(dialect: Dialect): boolean {
    return QuickLook.suits(dialect) && dialect.encoding === 'utf-8' && dialect.delimiter.charCodeAt(0) < 0x80;
  }

  /** Begins with a block without hazards. */
  start(block: Block): void {
    this.block = block;
    this.doubtful = [];
    this.rows = 0;
    this.at = 0;
    this.record = block.firstRecord;
    this.wellEncoded = isUtf8(block.bytes);
    this.linesAt = 0;
    this.lines = 0;
    this.state = 'head';
  }

  /** The next bytes for COPY, null when there are no more. They are valid until the next call. */
  next(): Buffer | null {
    const { block, out } = this;
    if (block === null || this.state === 'done') return null;
    out.at = 0;
    if (this.state === 'head') this.put(HEAD);
    this.state = 'rows';
    const { bytes } = block;
    while (this.at < bytes.length) {
      if (this.wholeNumbers !== null) this.encodeUsual(bytes, this.wholeNumbers);
      const start = out.at;
      if (this.at >= bytes.length) break;
      if (start + this.fixedRoom > out.bytes.length || !this.encodeRecord(bytes)) {
        out.at = start;
        if (start > 0) return out.bytes.subarray(0, start);
        this.out = new Output(out.bytes.length * 2);
        return this.next();
      }
    }
    this.put(TAIL);
    this.state = 'done';
    this.block = null;
    return this.out.bytes.subarray(0, this.out.at);
  }

  private put(bytes: Buffer): void {
    this.out.at += bytes.copy(this.out.bytes, this.out.at);
  }

  private encodeUsual(bytes: Buffer, records: WholeNumberRecords): void {
    this.at = records.encode(bytes, this.at, this.record, this.out);
    this.rows += records.rows;
    this.record += records.rows;
  }

  /** False when there is no room for the record. */
  private encodeRecord(bytes: Buffer): boolean {
    const { out, writers } = this;
    const recordStart = this.at;
    const outStart = out.at;
    out.view.setInt16(outStart, writers.length + 1);
    out.view.setInt32(outStart + 2, 8);
    out.view.setInt32(outStart + 6, Math.floor(this.record / 2 ** 32));
    out.view.setInt32(outStart + 10, this.record | 0);
    out.at = outStart + 14;
    const last = writers.length - 1;
    let at = recordStart;
    for (let column = 0; column <= last; column++) {
      const write = writers[column] as ColumnEncoding['write'];
      at = write === null ? this.encodeText(bytes, at, column) : this.encodeValue(bytes, at, write);
      if (at < 0) break;
      if (column < last && bytes[at] === this.delimiter) at++;
      else if (column < last || bytes[at] === this.delimiter) at = -1;
      if (at < 0) break;
    }
    if (at === NO_ROOM) return false;
    const sound = at >= 0 && (this.wellEncoded || isUtf8(bytes.subarray(recordStart, at)));
    if (sound) {
      this.rows++;
      this.at = this.afterLineEnd(bytes, at);
    } else {
      out.at = outStart;
      this.leaveOut(bytes, recordStart);
    }
    this.record++;
    return true;
  }

  /** Offset of what ends the field, -1 when its value is doubtful. */
  private encodeValue(bytes: Buffer, from: number, write: NonNullable<ColumnEncoding['write']>): number {
    const { out } = this;
    const outStart = out.at;
    if (bytes[from] === this.quote) {
      const end = write(bytes, from + 1, out);
      if (end >= 0 && bytes[end] === this.quote && this.endsField(bytes, end + 1)) return end + 1;
      return -1;
    }
    const end = this.isNull(bytes, from)
      ? this.putNull(from + this.nullMarker.length)
      : write(bytes, from, out);
    if (end >= 0 && this.endsField(bytes, end)) return end;
    out.at = outStart;
    return -1;
  }

  private encodeText(bytes: Buffer, from: number, column: number): number {
    if (bytes[from] === this.quote) return this.encodeQuoted(bytes, from + 1, column);
    if (this.isNull(bytes, from)) return this.putNull(from + this.nullMarker.length);
    const end = this.plainEnd(bytes, from);
    const length = end - from;
    if (!this.hasRoom(length)) return NO_ROOM;
    if (length > (this.longest[column] as number)) return -1;
    const { out } = this;
    out.view.setInt32(out.at, length);
    this.copyText(bytes, from, end, out.at + 4);
    out.at += 4 + length;
    return end;
  }

  private encodeQuoted(bytes: Buffer, from: number, column: number): number {
    const { out, quote } = this;
    const head = out.at;
    let to = head + 4;
    let at = from;
    for (;;) {
      const close = this.quoteAt(bytes, at);
      if (!this.hasRoom(to + close - at - head)) return NO_ROOM;
      this.copyText(bytes, at, close, to);
      to += close - at;
      at = close + 1;
      if (bytes[at] !== quote) break;
      out.bytes[to++] = quote;
      at++;
    }
    const length = to - head - 4;
    if (length > (this.longest[column] as number) || !this.endsField(bytes, at)) return -1;
    out.view.setInt32(head, length);
    out.at = to;
    return at;
  }

  private hasRoom(length: number): boolean {
    return this.out.at + length + this.fixedRoom <= this.out.bytes.length;
  }

  private copyText(bytes: Buffer, from: number, end: number, to: number): void {
    const target = this.out.bytes;
    if (end - from >= LONG_TEXT) bytes.copy(target, to, from, end);
    else for (let at = from, put = to; at < end; at++, put++) target[put] = bytes[at] as number;
  }

  private plainEnd(bytes: Buffer, from: number): number {
    const { delimiter } = this;
    const stop = bytes.length;
    let at = from;
    while (at < stop) {
      const byte = bytes[at] as number;
      if (byte === delimiter || byte === LF || byte === CR) break;
      at++;
    }
    return at;
  }

  private quoteAt(bytes: Buffer, from: number): number {
    const { quote } = this;
    const near = Math.min(bytes.length, from + LONG_TEXT);
    let at = from;
    while (at < near && bytes[at] !== quote) at++;
    if (at < near) return at;
    const found = bytes.indexOf(quote, at);
    return found < 0 ? bytes.length : found;
  }

  /** Whether an unquoted field is NULL. */
  private isNull(bytes: Buffer, from: number): boolean {
    const { nullMarker } = this;
    const end = from + nullMarker.length;
    if (nullMarker.length > 0) {
      if (bytes[from] !== nullMarker[0] || end > bytes.length) return false;
      if (nullMarker.compare(bytes, from, end) !== 0) return false;
    }
    return this.endsField(bytes, end);
  }

  private putNull(end: number): number {
    const { out } = this;
    out.view.setInt32(out.at, NULL_LENGTH);
    out.at += 4;
    return end;
  }

  private endsField(bytes: Buffer, at: number): boolean {
    if (at >= bytes.length) return true;
    const byte = bytes[at];
    return byte === this.delimiter || byte === LF || byte === CR;
  }

  private afterLineEnd(bytes: Buffer, at: number): number {
    return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : at + 1;
  }

  private leaveOut(bytes: Buffer, start: number): void {
    const { block, record, lineEnd } = this;
    const contentEnd = this.recordEnd(bytes, start);
    const end = Math.min(bytes.length, this.afterLineEnd(bytes, contentEnd));
    for (let at = bytes.indexOf(lineEnd, this.linesAt); at >= 0 && at < start; ) {
      this.lines++;
      this.linesAt = at + 1;
      at = bytes.indexOf(lineEnd, this.linesAt);
    }
    this.doubtful.push({ start, end, contentEnd, record, line: (block?.firstLine ?? 1) + this.lines });
    this.at = end;
  }

  private recordEnd(bytes: Buffer, start: number): number {
    const { quote, delimiter } = this;
    for (let at = start; ; at++) {
      if (bytes[at] === quote) {
        at = this.quoteAt(bytes, at + 1) + 1;
        while (bytes[at] === quote) at = this.quoteAt(bytes, at + 1) + 1;
      } else at = this.plainEnd(bytes, at);
      if (bytes[at] !== delimiter) return Math.min(at, bytes.length);
    }
  }
}

const NO_ROOM = -2;
