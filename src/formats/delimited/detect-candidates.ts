import type { Dialect, DialectOverrides } from './dialect.ts';
import type { Marks } from './scan-fields.ts';

/** Delimiters that are looked for, in order of preference. */
export const DELIMITERS = [',', ';', '\t', '|'] as const;

/** Between fields of a table of one column whose text holds every usual delimiter: the ASCII unit separator. */
const UNUSUAL_DELIMITER = '\x1f';

const QUOTES = ['"', "'", null] as const;

/** One way in which the text may be written. */
export interface Candidate extends Marks {
  /** One column: the delimiter occurs nowhere. */
  readonly single: boolean;
}

/** Every way in which `text` may be written that its characters and the overrides leave open. */
export function candidates(text: string, overrides: DialectOverrides, fileName: string): Candidate[] {
  const found: Candidate[] = [];
  for (const newline of newlinesFor(text, overrides.newline)) {
    for (const quote of quotesFor(text, overrides.quote)) {
      for (const escaping of escapesFor(text, quote, overrides.escape)) {
        const marks = { newline, quote, escape: escaping };
        found.push(
          ...delimitersFor(text, overrides, fileName).map((delimiter) => ({ ...marks, ...delimiter })),
        );
      }
    }
  }
  return found;
}

function delimitersFor(
  text: string,
  overrides: DialectOverrides,
  fileName: string,
): Pick<Candidate, 'delimiter' | 'single'>[] {
  if (overrides.delimiter !== undefined) return [{ delimiter: overrides.delimiter, single: false }];
  const present = DELIMITERS.filter((delimiter) => text.includes(delimiter));
  return [
    ...present.map((delimiter) => ({ delimiter, single: false })),
    { delimiter: unusedDelimiter(text, fileName), single: true },
  ];
}

/** A later record of a table of one column must not be divided: prefer what the format's name says, if it is unused. */
function unusedDelimiter(text: string, fileName: string): string {
  const preferred = [expectedDelimiter(fileName) ?? ',', '\t', '|', ';'];
  return preferred.find((delimiter) => !text.includes(delimiter)) ?? UNUSUAL_DELIMITER;
}

/** What a file of this name usually has between fields; null when the name says nothing. */
export function expectedDelimiter(fileName: string): string | null {
  const extension = /\.(csv|tsv)(\.gz)?$/i.exec(fileName)?.[1]?.toLowerCase();
  if (extension === undefined) return null;
  return extension === 'csv' ? ',' : '\t';
}

/** Quotes that stand where a field may start; `"` always, since records further on may be quoted. */
function quotesFor(text: string, declared: string | null | undefined): readonly (string | null)[] {
  if (declared !== undefined) return [declared];
  return QUOTES.filter((quote) => quote !== "'" || /(^|[,;|\t\r\n])'/.test(text));
}

function escapesFor(
  text: string,
  quote: string | null,
  declared: string | null | undefined,
): readonly (string | null)[] {
  if (declared !== undefined) return [declared];
  if (quote === null) return /\\[,;|\t\r\n]/.test(text) ? [null, '\\'] : [null];
  return text.includes(`\\${quote}`) ? [quote, '\\'] : [quote];
}

/** Lone CRs end the records, or stand inside fields. CRLF is settled later: where records end, it is LF too. */
function newlinesFor(text: string, declared: Dialect['newline'] | undefined): readonly Dialect['newline'][] {
  if (declared !== undefined) return [declared];
  const lone = count(text, /\r(?!\n|$)/g);
  if (!text.includes('\n')) return [text.includes('\r') ? '\r' : '\n'];
  return lone > count(text, /\r\n/g) ? ['\n', '\r'] : ['\n'];
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
