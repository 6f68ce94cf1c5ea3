import fc from 'fast-check';
import type { Dialect, Encoding } from '../../../src/formats/delimited/dialect.ts';
import { USUAL } from './dialect-cases.ts';

/** A random dialect of one-byte delimiters, which COPY can express. */
export const anyDialect: fc.Arbitrary<Dialect> = fc
  .record({
    quoting: fc.constantFrom(
      { quote: '"', escape: '"' },
      { quote: "'", escape: "'" },
      { quote: '"', escape: '\\' },
      { quote: '"', escape: null },
      { quote: null, escape: null },
      { quote: null, escape: '\\' },
    ),
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    newline: fc.constantFrom<Dialect['newline']>('\n', '\r\n', '\r'),
  })
  .map(({ quoting, ...rest }) => ({ ...USUAL, ...quoting, ...rest, header: false }));

/** Bytes of all kinds that mean something to somebody, in any order; one character for each byte. */
export function nastyText(dialect: Dialect, maxLength = 60): fc.Arbitrary<string> {
  const mark = (text: string | null) => (text === null ? 'q' : text);
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('a', 'b', '7', ' ', '.', 'x', 'N') },
    { weight: 3, arbitrary: fc.constant(dialect.delimiter) },
    { weight: 3, arbitrary: fc.constant(mark(dialect.quote)) },
    { weight: 3, arbitrary: fc.constant(dialect.newline) },
    { weight: 1, arbitrary: fc.constantFrom('\r', '\n', '\r\n', '\\', '\\.', '\\N', '\0', '\x01', '"', "'") },
    {
      weight: 1,
      arbitrary: fc.constantFrom('\xc3\xa9', '\xe2\x82\xac', '\xf0\x9f\x98\x80', '\xff', '\xef\xbb\xbf'),
    },
  );
  return fc.array(piece, { maxLength }).map((pieces) => pieces.join(''));
}

/** The same without what makes a hazard: every quote is closed and every line end is the dialect's. */
export function tamePiece(dialect: Dialect): fc.Arbitrary<string> {
  const plain = fc
    .array(fc.constantFrom('a', 'b', '7', ' ', '.', '\xc3\xa9'), { maxLength: 6 })
    .map((chars) => chars.join(''));
  const { quote, escape: escapeWith } = dialect;
  if (quote === null) return plain;
  const escaped = escapeWith === null ? 'e' : escapeWith + quote;
  const inside = fc.constantFrom('a', dialect.delimiter, '\n', '\r', '\r\n', escaped, '\xe2\x82\xac');
  const quoted = fc.array(inside, { maxLength: 8 }).map((chars) => `${quote}${chars.join('')}${quote}`);
  return fc.oneof(plain, quoted);
}

/** Fields of text that need every kind of care. */
export const anyValue: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', 'a', '0', '\\N', '\\.', 'NULL', ' ', '.'),
  fc
    .array(
      fc.constantFrom('a', 'é', '€', '😀', ',', ';', '\t', '|', '"', "'", '\\', '\n', '\r', '.', ' ', 'N'),
      {
        maxLength: 12,
      },
    )
    .map((chars) => chars.join('')),
);

/** Writes a value so that the dialect's reader gets it back; null when the dialect has no way to. */
export function written(value: string, dialect: Dialect, always = false): string | null {
  const { quote, escape: escapeWith, delimiter, nullMarker } = dialect;
  const needs = /[\r\n]/.test(value) || value.includes(delimiter) || value === nullMarker || value === '\\.';
  if (quote === null) {
    if (escapeWith === null) return needs || value.includes('\x01') ? null : value;
    const marks: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
    const escaped = value.replace(/[\\\n\r\t]/g, (char) => marks[char] ?? char);
    return escaped.replaceAll(delimiter, delimiter === '\t' ? '\\t' : `\\${delimiter}`);
  }
  if (!always && !needs && !value.includes(quote)) return value;
  if (escapeWith === null) return value.includes(quote) ? null : `${quote}${value}${quote}`;
  const inner = escapeWith === quote ? value : value.replaceAll(escapeWith, escapeWith + escapeWith);
  return `${quote}${inner.replaceAll(quote, escapeWith + quote)}${quote}`;
}

/** Encodings that hold every value above, or only western letters. */
export const anyEncoding: fc.Arbitrary<Encoding> = fc.constantFrom('utf-8', 'latin1', 'windows-1252');
