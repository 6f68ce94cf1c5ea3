import type { Dialect } from '../../../src/formats/delimited/dialect.ts';
import { HAZARD } from '../../../src/formats/delimited/scan.ts';

/** One record or blank line; offsets are bytes, line end included. */
export interface NaiveRecord {
  readonly start: number;
  readonly end: number;
  /** Without its line end. */
  readonly contentEnd: number;
  /** Physical lines of the input before it. */
  readonly linesBefore: number;
  /** Line ends in it, its own included. */
  readonly lineEnds: number;
  /** What ended it; empty at the end of the input. */
  readonly terminator: string;
  readonly hazards: number;
  /** An empty line in a table of several columns. */
  readonly blank: boolean;
  /** The input ends inside its quotes. */
  readonly open: boolean;
  /** Offset of the last quote that opens a field. */
  readonly openedAt: number;
}

/**
 * The splitter's contract once more, written to be read and not to be fast: one byte after another, with everything in
 * sight. `text` has one character for each byte (latin1).
 */
export function splitNaively(text: string, dialect: Dialect, columnCount: number): NaiveRecord[] {
  const records: NaiveRecord[] = [];
  let start = 0;
  let linesBefore = 0;
  while (start < text.length) {
    const found = new Walk(text, start, dialect).toEnd();
    const content = found.contentEnd - start;
    const blank = content === 0 && columnCount > 1;
    const isEndMarker = text.slice(start, found.contentEnd) === '\\.';
    const short = (blank ? HAZARD.blankLine : 0) | (isEndMarker ? HAZARD.endMarker : 0);
    records.push({ ...found, start, linesBefore, blank, hazards: found.hazards | short });
    start = found.end;
    linesBefore += found.lineEnds;
  }
  return records;
}

/** Hazards of several records together. */
export function hazardsOf(records: readonly NaiveRecord[], dialect: Dialect): number {
  const each = records.reduce((all, { hazards }) => all | hazards, 0);
  const ends = new Set(records.map(({ terminator }) => terminator).filter((end) => end !== ''));
  const isMixed = ends.size > 1 || (dialect.newline === '\r\n' && ends.has('\n'));
  return isMixed ? each | HAZARD.mixedNewlines : each;
}

class Walk {
  private at: number;
  private hazards = 0;
  private lineEnds = 0;
  private openedAt = -1;
  private readonly lineEnd: string;

  constructor(
    private readonly text: string,
    start: number,
    private readonly dialect: Dialect,
  ) {
    this.at = start;
    this.lineEnd = dialect.newline === '\r' ? '\r' : '\n';
  }

  toEnd() {
    const { text, dialect } = this;
    let fieldStarts = true;
    while (this.at < text.length) {
      const char = text[this.at] as string;
      const newline = this.newlineHere();
      if (newline !== '') return this.ended(newline);
      if (char === dialect.quote && fieldStarts) {
        if (!this.passQuoted()) return this.ended('', true);
        fieldStarts = false;
      } else if (text.startsWith(dialect.delimiter, this.at)) {
        this.at += dialect.delimiter.length;
        fieldStarts = true;
      } else {
        this.passPlain(char);
        fieldStarts = false;
      }
    }
    return this.ended('');
  }

  private ended(terminator: string, open = false) {
    const contentEnd = this.at;
    this.at += terminator.length;
    if (terminator !== '') this.lineEnds++;
    const hazards = open ? this.hazards | HAZARD.unterminatedQuote : this.hazards;
    return {
      end: this.at,
      contentEnd,
      terminator,
      hazards,
      open,
      lineEnds: this.lineEnds,
      openedAt: this.openedAt,
    };
  }

  /** What ends a record here: in a file of LF or CRLF lines either; a CR belongs to it only before an LF. */
  private newlineHere(): string {
    const { text, at, lineEnd } = this;
    if (text[at] === lineEnd) return lineEnd;
    return lineEnd === '\n' && text.startsWith('\r\n', at) ? '\r\n' : '';
  }

  private passPlain(char: string): void {
    const { quote, escape: escapeWith } = this.dialect;
    if (char === escapeWith && quote === null) {
      this.passEscaped();
      return;
    }
    if (char === quote) this.hazards |= HAZARD.strayQuote;
    if (char === '\0') this.hazards |= HAZARD.nul;
    if (char === '\x01' && quote === null) this.hazards |= HAZARD.quoteStandIn;
    if (char === '\r' || char === '\n') this.hazards |= HAZARD.mixedNewlines;
    this.at++;
  }

  /** A backslash and what it hides, in COPY's text format. */
  private passEscaped(): void {
    const hidden = this.text[this.at + 1] ?? '';
    if (hidden === '.') this.hazards |= HAZARD.endMarker;
    if (hidden === '\0') this.hazards |= HAZARD.nul;
    if (hidden === this.lineEnd) this.lineEnds++;
    this.at += 2;
    if (this.lineEnd === '\n' && hidden === '\r' && this.text[this.at] === '\n') {
      this.hazards |= HAZARD.mixedNewlines;
      this.lineEnds++;
      this.at++;
    }
    this.at = Math.min(this.at, this.text.length);
  }

  /** False when the text ends before the quote does. */
  private passQuoted(): boolean {
    const { text } = this;
    const { quote, escape: escapeWith, delimiter } = this.dialect;
    this.openedAt = this.at;
    this.at++;
    while (this.at < text.length) {
      const char = text[this.at] as string;
      const hides = char === escapeWith && (escapeWith !== quote || text[this.at + 1] === quote);
      if (char === quote && !hides) {
        this.at++;
        const next = text[this.at];
        const isEnd =
          next === undefined || next === '\r' || next === '\n' || text.startsWith(delimiter, this.at);
        if (!isEnd) this.hazards |= HAZARD.strayQuote;
        return true;
      }
      for (const passed of hides ? text.slice(this.at, this.at + 2) : char) {
        if (passed === this.lineEnd) this.lineEnds++;
        if (passed === '\0') this.hazards |= HAZARD.nul;
      }
      this.at += hides ? 2 : 1;
    }
    this.at = text.length;
    return false;
  }
}
