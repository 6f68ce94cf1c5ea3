import type { ScanRules } from './scan.ts';

const LF = 0x0a;
const CR = 0x0d;
/** Bytes looked at to choose how to search. */
const PROBE_BYTES = 8 * 1024;
/** Mean distance of special bytes from which on the runtime's own search beats a loop; measured on Node 20 and 22. */
const SPARSE_DISTANCE = 32;

/** Finds the bytes that mean something to the splitter. */
export interface Finder {
  /** Searches by `Buffer.indexOf`, and offers the three methods below. */
  readonly sparse: boolean;
  /** Offset of the first special byte at or after `from`, `stop` when there is none; asked with rising offsets. */
  next(from: number): number;
  nextQuote(from: number): number;
  /** Line ends passed on the way to `at`. */
  linesUntil(at: number): number;
  hasNul(from: number, to: number): boolean;
}

export interface SearchRange {
  readonly bytes: Buffer;
  readonly start: number;
  readonly stop: number;
  readonly rules: ScanRules;
  /** Only the first few records are wanted: not worth searching the whole range. */
  readonly fewRecords: boolean;
}

/** A byte-by-byte loop where special bytes are dense, the runtime's vectorised search where they are far apart. */
export function finderFor(range: SearchRange): Finder {
  const { bytes, start, stop, rules, fewRecords } = range;
  const searchable = rules.quote < 0 ? rules.escapeByte < 0 : rules.escapeByte === rules.quote;
  const long = !fewRecords && stop - start > PROBE_BYTES;
  if (searchable && long && distance(bytes, start, rules) > SPARSE_DISTANCE) {
    return new SparseFinder(bytes, start, stop, rules);
  }
  return new DenseFinder(bytes, stop, rules.classes);
}

function distance(bytes: Buffer, start: number, rules: ScanRules): number {
  let specials = 1;
  for (let at = start; at < start + PROBE_BYTES; at++)
    if (rules.classes[bytes[at] as number] !== 0) specials++;
  return PROBE_BYTES / specials;
}

class DenseFinder implements Finder {
  readonly sparse = false;

  constructor(
    private readonly bytes: Buffer,
    private readonly stop: number,
    private readonly classes: Uint8Array,
  ) {}

  next(from: number): number {
    const { bytes, stop, classes } = this;
    let at = from;
    while (at < stop && classes[bytes[at] as number] === 0) at++;
    return at;
  }

  nextQuote(): number {
    return this.stop;
  }

  linesUntil(): number {
    return 0;
  }

  hasNul(): boolean {
    return false;
  }
}

/** Remembers the next place of each special byte, so that each is searched for only once. */
class SparseFinder implements Finder {
  readonly sparse = true;
  private readonly view: Buffer;
  private readonly quoteByte: number;
  private readonly otherNewline: number;
  private lineEnd = -1;
  private quote = -1;
  private other = -1;
  private nul = -1;
  private standIn = -1;

  constructor(
    bytes: Buffer,
    start: number,
    private readonly stop: number,
    private readonly rules: ScanRules,
  ) {
    this.view = bytes.subarray(0, stop);
    this.quoteByte = rules.quote;
    this.otherNewline = rules.lineEnd === LF ? CR : LF;
    this.lineEnd = this.find(rules.lineEnd, start);
    this.quote = this.quoteByte < 0 ? stop : this.find(this.quoteByte, start);
    this.other = this.find(this.otherNewline, start);
    this.nul = this.find(0, start);
    this.standIn = rules.classes[1] === 0 ? stop : this.find(1, start);
  }

  next(from: number): number {
    if (this.lineEnd < from) this.lineEnd = this.find(this.rules.lineEnd, from);
    if (this.quote < from) this.quote = this.find(this.quoteByte, from);
    if (this.other < from) this.other = this.find(this.otherNewline, from);
    if (this.nul < from) this.nul = this.find(0, from);
    if (this.standIn < from) this.standIn = this.find(1, from);
    return Math.min(this.lineEnd, this.quote, this.other, this.nul, this.standIn);
  }

  nextQuote(from: number): number {
    if (this.quote < from) this.quote = this.find(this.quoteByte, from);
    return this.quote;
  }

  linesUntil(at: number): number {
    let lines = 0;
    while (this.lineEnd < at) {
      lines++;
      this.lineEnd = this.find(this.rules.lineEnd, this.lineEnd + 1);
    }
    return lines;
  }

  hasNul(from: number, to: number): boolean {
    if (this.nul < from) this.nul = this.find(0, from);
    return this.nul < to;
  }

  private find(byte: number, from: number): number {
    const at = this.view.indexOf(byte, from);
    return at < 0 ? this.stop : at;
  }
}
