import type { ScanRules } from './scan.ts';

const LF = 0x0a;
const CR = 0x0d;

type State = 'plain' | 'quoted' | 'hiddenInQuotes' | 'afterQuote' | 'hidden' | 'hiddenCr';

/**
 * Finds the end of one record that is too long to be held in memory: it is fed piece by piece, from the record's first
 * byte on. By the same rules as `scanRecords`, which needs the whole record at once.
 */
export class RecordEnd {
  private state: State = 'plain';
  private fed = 0;
  /** The last bytes of the pieces before, as many as a delimiter has. */
  private recent: Buffer = Buffer.alloc(0);

  constructor(private readonly rules: ScanRules) {}

  /** What was fed so far ends inside a quoted field. */
  get insideQuotes(): boolean {
    return this.state === 'quoted' || this.state === 'hiddenInQuotes';
  }

  /** Offset after the record's line end, -1 when it is not in this piece. */
  find(piece: Buffer): number {
    for (let at = 0; at < piece.length; at++) {
      if (this.state === 'plain' && piece[at] === this.rules.lineEnd) return at + 1;
      if (this.isPassed(piece, at)) continue;
      // The byte ended what was before it, and now counts by itself.
      this.state = 'plain';
      at--;
    }
    this.fed += piece.length;
    this.recent = Buffer.concat([this.recent, piece]).subarray(-this.rules.delimiter.length);
    return -1;
  }

  /** Takes one byte; false when it has to be looked at again as plain. */
  private isPassed(piece: Buffer, at: number): boolean {
    const byte = piece[at];
    switch (this.state) {
      case 'plain':
        this.state = this.afterPlain(piece, at);
        return true;
      case 'quoted':
        this.state = this.afterQuoted(byte);
        return true;
      case 'hiddenInQuotes':
        this.state = 'quoted';
        return true;
      case 'afterQuote':
        if (byte !== this.rules.quote) return false;
        this.state = 'quoted';
        return true;
      case 'hidden':
        this.state = byte === CR && this.rules.lineEnd === LF ? 'hiddenCr' : 'plain';
        return true;
      case 'hiddenCr':
        if (byte !== LF) return false;
        this.state = 'plain';
        return true;
    }
  }

  private afterPlain(piece: Buffer, at: number): State {
    const { quote, escapeByte } = this.rules;
    if (piece[at] === quote) return this.opensField(piece, at) ? 'quoted' : 'plain';
    return quote < 0 && piece[at] === escapeByte ? 'hidden' : 'plain';
  }

  private afterQuoted(byte: number | undefined): State {
    const { quote, escapeByte } = this.rules;
    if (byte === escapeByte && escapeByte !== quote) return 'hiddenInQuotes';
    if (byte !== quote) return 'quoted';
    return escapeByte === quote ? 'afterQuote' : 'plain';
  }

  private opensField(piece: Buffer, at: number): boolean {
    const { delimiter } = this.rules;
    if (this.fed + at === 0) return true;
    if (this.fed + at < delimiter.length) return false;
    const before =
      at >= delimiter.length ? piece.subarray(0, at) : Buffer.concat([this.recent, piece.subarray(0, at)]);
    return before.subarray(-delimiter.length).equals(delimiter);
  }
}
