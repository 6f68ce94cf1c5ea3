import { createHash } from 'node:crypto';

/** Postgres cuts identifiers behind this many bytes. */
export const MAX_NAME_BYTES = 63;

/**
 * Runs of what may stand in a name: letters with the marks that belong to them, digits and other numbers (`m²`), `_`.
 * Invisible characters (fillers, variation selectors) are letters or marks to Unicode, but not to a reader.
 */
const WORDS =
  /(?:(?!\p{Default_Ignorable_Code_Point})\p{L}(?:(?!\p{Default_Ignorable_Code_Point})\p{M})*|\p{N}|_)+/gu;

/**
 * A name from outside as an identifier: NFC, lower-cased, every run of other characters one `_`, no `_` at the
 * ends, a leading digit kept. May be empty or longer than Postgres allows.
 */
export function identifierFrom(original: string): string {
  const lower = original.normalize('NFC').toLowerCase().normalize('NFC');
  return trimUnderscores((lower.match(WORDS) ?? []).join('_'));
}

/** The start of `name` that fits in `maxBytes` of UTF-8, cut at a character border; no `_` is left at its end. */
export function cutToBytes(name: string, maxBytes: number): string {
  if (Buffer.byteLength(name) <= maxBytes) return name;
  let bytes = 0;
  let end = 0;
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return trimUnderscores(name.slice(0, end));
}

/**
 * `name` itself when it fits, else its start and a hash of the whole, so that two long names that start alike
 * do not become one. For names that are made one at a time and cannot be numbered.
 */
export function shortenWithHash(name: string, maxBytes: number): string {
  if (Buffer.byteLength(name) <= maxBytes) return name;
  return `${cutToBytes(name, maxBytes - 9)}_${shortHash(name)}`;
}

/** Eight hexadecimal digits that depend on the whole text. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** By hand, for `/_+$/` takes quadratic time on a long run of underscores that is not at the end. */
function trimUnderscores(name: string): string {
  let start = 0;
  let end = name.length;
  while (start < end && name[start] === '_') start++;
  while (end > start && name[end - 1] === '_') end--;
  return name.slice(start, end);
}
