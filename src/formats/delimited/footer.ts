import { type KnownLine, knownLine } from './known-footers.ts';

/** What stands behind the last record of a file. */
export interface Footer {
  /** Characters it takes up at the end of the text. */
  readonly length: number;
  /** Lines of it that would be records. */
  readonly lines: number;
  /** Known footer lines that were recognised; empty when the footer is declared, or only an end-of-file mark. */
  readonly known: readonly KnownLine[];
}

export interface FooterRules {
  /** The last so many lines that hold something are no data; null: what is known of other programs' footers is recognised. */
  readonly declared: number | null;
  readonly singleColumn: boolean;
  /** `text` starts where the file starts; else its first line may be part of one. */
  readonly whole: boolean;
  /** True for a line that reads as a record of the table: it stays one. */
  fits(line: KnownLine): boolean;
}

/** The DOS end-of-file mark, Ctrl-Z. */
const END_MARK = '\x1a';
/** More than this at the end is no footer that a program writes. */
const MOST_LINES = 5;

/**
 * What stands at the end of `text` that is no data, null when everything is. `text` has a character for each byte or unit
 * of the file; `decode` makes readable what of it is looked at.
 */
export function findFooter(
  text: string,
  rules: FooterRules,
  decode: (line: string) => string,
): Footer | null {
  const search = new FooterSearch(text, rules, decode);
  const lineEnd = text.includes('\n') ? '\n' : '\r';
  for (let end = text.endsWith(lineEnd) ? text.length - 1 : text.length; end > 0; ) {
    const start = text.lastIndexOf(lineEnd, end - 1) + 1;
    if (start === 0 && !rules.whole) break;
    if (!search.take(start, text.slice(start, end).replace(/\r$/, ''))) break;
    end = start - 1;
  }
  return search.footer;
}

/** Goes up from the last line. */
class FooterSearch {
  private start: number;
  private lines = 0;
  private readonly known: KnownLine[] = [];
  /** Declared lines still to come. */
  private left: number;
  /** Blank lines passed: they belong to the footer when a line above them does. */
  private blanks = 0;
  /** The next blank line belongs to the footer. */
  private takesBlank = false;

  constructor(
    private readonly text: string,
    private readonly rules: FooterRules,
    private readonly decode: (line: string) => string,
  ) {
    this.start = text.length;
    this.left = rules.declared ?? 0;
  }

  get footer(): Footer | null {
    const { start, text, lines, known } = this;
    return start === text.length ? null : { length: text.length - start, lines, known };
  }

  /** False when the line, or part of it, is data. `content` is without its line end. */
  take(start: number, content: string): boolean {
    if (isBlank(content)) return this.takeBlank(start, content);
    const isMarked = this.lines === 0 && trimEnd(content).endsWith(END_MARK);
    const data = isMarked ? withoutMarks(trimEnd(content)) : content;
    if (isMarked && isBlank(data)) return this.takeLine(start);
    if (this.isFooter(data)) return this.takeLine(start);
    if (isMarked) this.start = start + data.length;
    return false;
  }

  private isFooter(content: string): boolean {
    if (this.rules.declared !== null) return this.left-- > 0;
    if (this.known.length === MOST_LINES) return false;
    const line = knownLine(this.decode(content));
    if (line === null || this.rules.fits(line)) return false;
    this.known.push(line);
    this.takesBlank = line.blankAbove;
    return true;
  }

  /**
   * White space in a line of its own would be a record with one field. In a table of one column an empty line is one as
   * well, unless a program is known to put one above its footer.
   */
  private takeBlank(start: number, content: string): boolean {
    const { singleColumn, declared, fits } = this.rules;
    if (declared !== null) {
      this.blanks++;
      return this.left > 0 || this.lines === 0;
    }
    if (singleColumn && this.lines > 0) {
      const takes = this.takesBlank;
      this.takesBlank = false;
      return takes && this.takeLine(start);
    }
    if (singleColumn || content === '' || fits({ text: content, count: null })) {
      this.blanks++;
      return content === '';
    }
    return this.takeLine(start);
  }

  private takeLine(start: number): true {
    this.start = start;
    this.lines += 1 + (this.rules.singleColumn ? this.blanks : 0);
    this.blanks = 0;
    return true;
  }
}

function isBlank(content: string): boolean {
  return /^[ \t]*$/.test(content);
}

function withoutMarks(content: string): string {
  let end = content.length;
  while (content[end - 1] === END_MARK) end--;
  return content.slice(0, end);
}

/** Not `trimEnd`: 0xA0 is part of characters. */
function trimEnd(content: string): string {
  return content.replace(/[ \t]+$/, '');
}
