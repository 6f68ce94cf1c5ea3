import { isName } from './detect-header.ts';
import type { Dialect, DialectOverrides } from './dialect.ts';
import type { Marks } from './scan-fields.ts';

/** Delimiters that are looked for, in order of preference. */
export const DELIMITERS = [',', ';', '\t', '|'] as const;

/** Delimiters of several characters, which are chosen because no text has them. */
export const LONG_DELIMITERS = [
  ...[
    '||',
    '|~|',
    '~|~',
    '|^|',
    '^|^',
    '|#|',
    '#|#',
    '|@|',
    '@|@',
    '<|>',
    '<>',
    '::',
    '~~',
    '^^',
    '##',
    '@@',
    '$$',
  ],
] as const;

/** A delimiter and a space, where quoted fields stand behind both; else the space is part of the value. */
export const SPACED_DELIMITERS = [', ', '; '] as const;

/** Of a character that is nearly always part of a longer delimiter: it is no delimiter itself. */
const PART_SHARE = 0.9;

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
  const long = LONG_DELIMITERS.filter((delimiter) => text.includes(delimiter));
  const parts = new Set(long.flatMap((delimiter) => partsOf(text, delimiter)));
  const spaced = SPACED_DELIMITERS.filter((delimiter) => text.includes(`${delimiter}"`));
  const present = [...spaced, ...DELIMITERS.filter((one) => text.includes(one) && !parts.has(one)), ...long];
  return [
    ...present.map((delimiter) => ({ delimiter, single: false })),
    { delimiter: unusedDelimiter(text, fileName), single: true },
  ];
}

/** The usual delimiters that stand in this text only as parts of a longer one. */
function partsOf(text: string, long: string): string[] {
  return DELIMITERS.filter((one) => {
    const each = long.split(one).length - 1;
    if (each === 0 || (each === long.length && !isMeantTwice(text, long))) return false;
    return (text.split(long).length - 1) * each >= (text.split(one).length - 1) * PART_SHARE;
  });
}

/** `a||b` may have an empty field between two; hardly in a line of names, and hardly between every two of several. */
function isMeantTwice(text: string, long: string): boolean {
  const at = text.indexOf(long);
  const start = Math.max(text.lastIndexOf('\n', at), text.lastIndexOf('\r', at)) + 1;
  const fields = text
    .slice(start)
    .split(/[\r\n]/, 1)
    .flatMap((line) => line.split(long));
  return fields.length > 2 || (fields.length === 2 && fields.every((field) => field !== '' && isName(field)));
}

/** A later record of a table of one column must not be divided: prefer what the format's name says, if it is unused. */
function unusedDelimiter(text: string, fileName: string): string {
  const preferred = [expectedDelimiter(fileName) ?? ',', '\t', '|', ';'];
  return preferred.find((delimiter) => !text.includes(delimiter)) ?? UNUSUAL_DELIMITER;
}

/** What a file of this name usually has between fields; null when the name says nothing. */
export function expectedDelimiter(fileName: string): string | null {
  const extension = /\.(csv|tsv)(\.gz|\.zst)?$/i.exec(fileName)?.[1]?.toLowerCase();
  if (extension === undefined) return null;
  return extension === 'csv' ? ',' : '\t';
}

/** Quotes that stand where a field may start; `"` always, since records further on may be quoted. */
function quotesFor(text: string, declared: string | null | undefined): readonly (string | null)[] {
  if (declared !== undefined) return [declared];
  const opens = LONG_DELIMITERS.some((delimiter) => text.includes(`${delimiter}'`));
  return QUOTES.filter((quote) => quote !== "'" || opens || /(^|[,;|\t\r\n])'/.test(text));
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
