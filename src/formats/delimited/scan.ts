import { encodeMark } from './decode.ts';
import type { Dialect } from './dialect.ts';
import { type Finder, finderFor } from './finder.ts';
import { scanPlain } from './scan-plain.ts';

/**
 * Something in a block that COPY would refuse, or would read differently from what stands in the file.
 * Blocks that carry any of these go through the normalising reader instead of being copied raw.
 */
export const HAZARD = {
  /** A quote inside an unquoted field, or text after a closing quote: COPY merges them silently. */
  strayQuote: 1,
  /** A NUL byte: Postgres text cannot hold it. */
  nul: 2,
  /**
   * The old end-of-data mark, at which COPY silently stopped before Postgres 18: a record that is only `\.`, and in
   * COPY's text format a `\.` anywhere.
   */
  endMarker: 4,
  /** Lines of this block end in different ways, or a CR or LF stands where the dialect has none. */
  mixedNewlines: 8,
  /** An empty line in a table of several columns: not a record, but COPY takes it for one. */
  blankLine: 16,
  /** The byte that stands in for "no quote" occurs in the data. */
  quoteStandIn: 32,
  /** The file ends inside a quoted field. */
  unterminatedQuote: 64,
} as const;

/** Stands in for the quote in COPY when the dialect has none (COPY cannot do without). */
export const QUOTE_STAND_IN = 0x01;

const LF = 0x0a;
const CR = 0x0d;
const BACKSLASH = 0x5c;
const DOT = 0x2e;

/** A dialect compiled to bytes; made once per file by `compileRules`. */
export interface ScanRules {
  readonly classes: Uint8Array;
  readonly quote: number;
  readonly escapeByte: number;
  readonly delimiter: Buffer;
  readonly lineEnd: number;
  readonly crlf: boolean;
  readonly singleColumn: boolean;
  /** Bytes, besides line ends, that could mean anything in this dialect. */
  readonly telling: readonly number[];
}

export const PLAIN = 0;
const LINE_END = 1;
const OTHER_NEWLINE = 2;
const QUOTE = 3;
const ESCAPE = 4;
const FORBIDDEN = 5;

/** `columnCount` decides what an empty line is: a record of one NULL field, or nothing. */
export function compileRules(dialect: Dialect, columnCount: number): ScanRules {
  const quote = dialect.quote === null ? -1 : dialect.quote.charCodeAt(0);
  const escapeByte = dialect.escape === null ? -1 : dialect.escape.charCodeAt(0);
  const lineEnd = dialect.newline === '\r' ? CR : LF;
  const classes = new Uint8Array(256);
  classes[lineEnd] = LINE_END;
  classes[lineEnd === LF ? CR : LF] = OTHER_NEWLINE;
  classes[0] = FORBIDDEN;
  if (quote >= 0) classes[quote] = QUOTE;
  else classes[QUOTE_STAND_IN] = FORBIDDEN;
  if (escapeByte >= 0 && escapeByte !== quote) classes[escapeByte] = ESCAPE;
  return {
    classes,
    quote,
    escapeByte,
    delimiter: encodeMark(dialect.delimiter, dialect.encoding),
    lineEnd,
    crlf: dialect.newline === '\r\n',
    singleColumn: columnCount === 1,
    telling: [BACKSLASH, 0, quote < 0 ? QUOTE_STAND_IN : quote, ...(escapeByte < 0 ? [] : [escapeByte])],
  };
}

/** What was found in a range of bytes that starts at a record's first byte. */
export interface Scan {
  /** Offset just after the last complete record (or blank line). */
  end: number;
  records: number;
  /** Physical lines up to `end`, counting those inside quoted fields. */
  lines: number;
  /** Union of HAZARD bits up to `end`. */
  hazards: number;
  /** Offset of a quote that opens a field which the range does not close, -1 when there is none. */
  open: number;
}

export interface ScanOptions {
  /** The range ends where the file ends: a last record needs no line end. */
  readonly eof: boolean;
  /** Stop after this many records. */
  readonly maxRecords?: number;
  /** Told of each record: its offsets, line end included, the lines before it, and whether it has a line end. */
  readonly onRecord?: (start: number, end: number, linesBefore: number, terminated: boolean) => void;
}

/**
 * Finds record ends in `bytes[start, stop)`. A quote opens a field only at the field's start; elsewhere it is an
 * ordinary character and marks the block as hazardous, so that a stray quote cannot swallow the lines after it.
 */
export function scanRecords(
  bytes: Buffer,
  start: number,
  stop: number,
  rules: ScanRules,
  options: ScanOptions,
): Scan {
  const countsOnly = options.maxRecords === undefined && options.onRecord === undefined;
  const plain = countsOnly ? scanPlain(bytes, start, stop, rules, options.eof) : null;
  if (plain !== null) return plain;
  return new Scanner(bytes, start, stop, rules, options).run();
}

const FEW_RECORDS = 100;

/** Bits of `lineEnds`: which kinds of line end were seen. */
const BARE = 1;
const WITH_CR = 2;

class Scanner {
  private readonly scan: Scan;
  private readonly finder: Finder;
  private readonly eof: boolean;
  private readonly maxRecords: number;
  private readonly onRecord: ScanOptions['onRecord'] | null;
  private recordStart: number;
  private lines = 0;
  private hazards = 0;
  private lineEnds = 0;

  constructor(
    private readonly bytes: Buffer,
    start: number,
    private readonly stop: number,
    private readonly rules: ScanRules,
    options: ScanOptions,
  ) {
    this.eof = options.eof;
    this.maxRecords = options.maxRecords ?? Number.MAX_SAFE_INTEGER;
    this.onRecord = options.onRecord ?? null;
    this.scan = { end: start, records: 0, lines: 0, hazards: 0, open: -1 };
    this.recordStart = start;
    // Few records do not pay for searching the whole range once.
    this.finder = finderFor({ bytes, start, stop, rules, fewRecords: this.maxRecords < FEW_RECORDS });
  }

  run(): Scan {
    const { bytes, stop, scan, finder, maxRecords } = this;
    const { classes } = this.rules;
    let at = finder.next(this.recordStart);
    while (at < stop && scan.records < maxRecords) {
      const kind = classes[bytes[at] as number] as number;
      at = finder.next(kind === LINE_END ? this.endRecord(at) : this.special(at, kind));
    }
    if (this.eof && this.recordStart < stop && scan.records < maxRecords) this.endFile();
    return this.result();
  }

  /** Handles any byte that is neither plain nor a line end; gives where to go on, `Infinity` when more bytes are needed. */
  private special(at: number, kind: number): number {
    if (kind === QUOTE) return this.quoted(at);
    if (kind === OTHER_NEWLINE) return this.otherNewline(at);
    if (kind === ESCAPE) return this.escaped(at);
    this.hazards |= this.bytes[at] === 0 ? HAZARD.nul : HAZARD.quoteStandIn;
    return at + 1;
  }

  private endRecord(at: number): number {
    const { bytes, rules, scan } = this;
    const length = at - this.recordStart;
    const hasCr = rules.lineEnd === LF && length > 0 && bytes[at - 1] === CR;
    this.lineEnds |= hasCr ? WITH_CR : BARE;
    this.lines++;
    const content = hasCr ? length - 1 : length;
    if (content <= 2) this.hazards |= shortRecordHazards(bytes, this.recordStart, content, rules);
    if (content > 0 || rules.singleColumn) {
      scan.records++;
      if (this.onRecord) this.onRecord(this.recordStart, at + 1, scan.lines, true);
    }
    this.recordStart = at + 1;
    scan.end = at + 1;
    scan.lines = this.lines;
    scan.hazards = this.hazards;
    return at + 1;
  }

  private endFile(): void {
    const { scan, stop } = this;
    const content = stop - this.recordStart;
    if (content <= 2) this.hazards |= shortRecordHazards(this.bytes, this.recordStart, content, this.rules);
    scan.records++;
    if (this.onRecord) this.onRecord(this.recordStart, stop, scan.lines, false);
    scan.end = stop;
    scan.lines = this.lines + 1;
    scan.hazards = this.hazards;
  }

  private result(): Scan {
    const { lineEnds, rules, scan } = this;
    const mixed = lineEnds === (BARE | WITH_CR) || (rules.crlf && lineEnds === BARE);
    if (rules.lineEnd === LF && mixed) scan.hazards |= HAZARD.mixedNewlines;
    return scan;
  }

  /** From a quote to just after its closing quote. */
  private quoted(open: number): number {
    const { bytes, stop, rules } = this;
    if (!this.opensField(open)) {
      this.hazards |= HAZARD.strayQuote;
      return open + 1;
    }
    const { quote, escapeByte } = rules;
    for (let at = this.closing(open + 1); at < stop; at = this.closing(at)) {
      if (at + 1 >= stop) return this.eof ? stop : Number.POSITIVE_INFINITY;
      if (escapeByte !== quote || bytes[at + 1] !== quote) return this.closed(at + 1);
      at += 2;
    }
    this.hazards |= HAZARD.unterminatedQuote;
    this.scan.open = open;
    return Number.POSITIVE_INFINITY;
  }

  /** Offset of the next quote inside a quoted field that a backslash does not hide; counts the lines on the way. */
  private closing(from: number): number {
    const { bytes, stop, rules, finder } = this;
    const { quote, escapeByte, lineEnd } = rules;
    if (finder.sparse) {
      const at = finder.nextQuote(from);
      this.lines += finder.linesUntil(at);
      if (finder.hasNul(from, at)) this.hazards |= HAZARD.nul;
      return at;
    }
    for (let at = from; at < stop; at++) {
      const byte = bytes[at];
      if (byte === escapeByte && escapeByte !== quote) {
        const hidden = ++at < stop ? bytes[at] : -1;
        if (hidden === lineEnd) this.lines++;
        else if (hidden === 0) this.hazards |= HAZARD.nul;
      } else if (byte === quote) return at;
      else if (byte === lineEnd) this.lines++;
      else if (byte === 0) this.hazards |= HAZARD.nul;
    }
    return stop;
  }

  private closed(after: number): number {
    const next = this.bytes[after];
    if (next !== LF && next !== CR && next !== this.rules.delimiter[0]) this.hazards |= HAZARD.strayQuote;
    return after;
  }

  private otherNewline(at: number): number {
    const isCrOfCrlf = this.rules.lineEnd === LF && this.bytes[at + 1] === LF && at + 1 < this.stop;
    if (isCrOfCrlf) return at + 1;
    if (at + 1 >= this.stop && !this.eof) return Number.POSITIVE_INFINITY;
    this.hazards |= HAZARD.mixedNewlines;
    return at + 1;
  }

  /** A backslash takes the next byte with it, or a whole line end, but only where there are no quotes to do so. */
  private escaped(at: number): number {
    const { bytes, rules, stop } = this;
    if (rules.quote >= 0) return at + 1;
    const next = at + 1 < stop ? bytes[at + 1] : -1;
    if (next === CR && rules.lineEnd === LF) return this.escapedCr(at);
    if (next === rules.lineEnd) this.lines++;
    else if (next === DOT) this.hazards |= HAZARD.endMarker;
    else if (next === 0) this.hazards |= HAZARD.nul;
    return at + 2;
  }

  private escapedCr(at: number): number {
    const { bytes, stop } = this;
    if (at + 2 >= stop) return this.eof ? stop : Number.POSITIVE_INFINITY;
    if (bytes[at + 2] !== LF) return at + 2;
    // COPY takes only the CR as escaped, and then refuses the LF.
    this.hazards |= HAZARD.mixedNewlines;
    this.lines++;
    return at + 3;
  }

  private opensField(at: number): boolean {
    const { bytes, recordStart } = this;
    const { delimiter } = this.rules;
    if (at === recordStart) return true;
    const from = at - delimiter.length;
    if (from < recordStart) return false;
    return delimiter.length === 1 ? bytes[from] === delimiter[0] : delimiter.compare(bytes, from, at) === 0;
  }
}

function shortRecordHazards(bytes: Buffer, start: number, length: number, rules: ScanRules): number {
  if (length === 0) return rules.singleColumn ? 0 : HAZARD.blankLine;
  const isEndMarker = length === 2 && bytes[start] === BACKSLASH && bytes[start + 1] === DOT;
  return isEndMarker ? HAZARD.endMarker : 0;
}
