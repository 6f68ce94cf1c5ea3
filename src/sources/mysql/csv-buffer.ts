import type { WriteValue } from './values.ts';

const COMMA = 0x2c;
const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const FIRST_BYTES = 512 * 1024;

/** Rows written as CSV, in the dialect of `pullDialect`, until they are taken. */
export class CsvBuffer {
  private bytes = Buffer.allocUnsafe(FIRST_BYTES);
  private start = 0;
  private end = 0;
  private readonly isSingle: boolean;

  constructor(private readonly writers: readonly (WriteValue | null)[]) {
    this.isSingle = writers.length === 1;
  }

  /** Bytes that wait to be taken. */
  get length(): number {
    return this.end - this.start;
  }

  writeHeader(names: readonly string[]): void {
    for (const [at, name] of names.entries()) {
      if (at > 0) this.put(COMMA);
      this.writeQuoted(Buffer.from(name));
    }
    this.put(LINE_FEED);
  }

  writeRow(values: readonly (Buffer | null)[]): void {
    for (let at = 0; at < values.length; at++) {
      if (at > 0) this.put(COMMA);
      this.writeValue(values[at] ?? null, this.writers[at] ?? null);
    }
    this.put(LINE_FEED);
  }

  /** Moves what fits into `target`; gives how much. */
  take(target: Buffer, offset: number): number {
    const taken = this.bytes.copy(target, offset, this.start, this.end);
    this.start += taken;
    if (this.start === this.end) {
      this.start = 0;
      this.end = 0;
    }
    return taken;
  }

  private writeValue(value: Buffer | null, write: WriteValue | null): void {
    const written = value === null || write === null ? value : write(value);
    if (written === null) {
      if (this.isSingle) this.append(NULL_MARKER);
      return;
    }
    const bytes = typeof written === 'string' ? Buffer.from(written) : written;
    if (this.isSingle || needsQuotes(bytes)) this.writeQuoted(bytes);
    else this.append(bytes);
  }

  private writeQuoted(bytes: Buffer): void {
    this.reserve(2 * bytes.length + 2);
    const to = this.bytes;
    let end = this.end;
    to[end++] = QUOTE;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) to[end++] = QUOTE;
      to[end++] = byte;
    }
    to[end++] = QUOTE;
    this.end = end;
  }

  private append(bytes: Buffer): void {
    this.reserve(bytes.length);
    bytes.copy(this.bytes, this.end);
    this.end += bytes.length;
  }

  private put(byte: number): void {
    this.reserve(1);
    this.bytes[this.end++] = byte;
  }

  private reserve(more: number): void {
    if (this.end + more <= this.bytes.length) return;
    const kept = this.bytes.subarray(this.start, this.end);
    const room = Math.max(this.bytes.length, 2 * (kept.length + more));
    const next = Buffer.allocUnsafe(room);
    kept.copy(next);
    this.bytes = next;
    this.end = kept.length;
    this.start = 0;
  }
}

const NULL_MARKER = Buffer.from('\\N');

/** Unquoted, nothing is NULL. */
function needsQuotes(bytes: Buffer): boolean {
  if (bytes.length === 0) return true;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte > COMMA) continue;
    if (byte === COMMA || byte === QUOTE || byte === LINE_FEED || byte === CARRIAGE_RETURN) return true;
  }
  return false;
}
