import { decodeText } from '../delimited/decode.ts';
import { detectEncoding } from '../delimited/detect-encoding.ts';

/** The text of a descriptor without what no text editor shows, and where it stood. */
export interface CleanText {
  readonly text: string;
  /** Line and column, both from 1, in the file as it is, of an offset in `text`. */
  place(offset: number): { readonly line: number; readonly column: number };
}

/** Control characters other than white space, byte-order marks and zero-width spaces. */
const STRAY = /[\p{Cc}\ufeff\u200b]/u;

/** Reads a descriptor in whatever encoding it is; control characters are left out, tabs and line ends become spaces. */
export function cleanText(bytes: Buffer): CleanText {
  const { encoding, bomBytes } = detectEncoding(bytes, true);
  const original = decodeText(bytes.subarray(bomBytes), encoding);
  const offsets: number[] = [];
  let text = '';
  for (let at = 0; at < original.length; at++) {
    const char = original[at] as string;
    const isSpace = /[\t\r\n]/.test(char);
    if (!isSpace && STRAY.test(char)) continue;
    offsets.push(at);
    text += isSpace ? ' ' : char;
  }
  return { text, place: (offset) => placeIn(original, offsets[offset] ?? original.length) };
}

function placeIn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
