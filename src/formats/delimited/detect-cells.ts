import type { Candidate } from './detect-candidates.ts';

/** With a decimal point or comma, thousands marks, currency or per cent. */
const NUMBER = /^[-+]?\p{Sc}?\s?(\d+|\d{1,3}([.,'\u00a0\u202f ]\d{3})+)([.,]\d+)?\s?[%\p{Sc}]?$/u;
const NESTED = /^[[{(].*[\])}]$/s;
const OPENS_NESTED = /^[[{]/;
const CLOSES_NESTED = /[\]}]$/;
/** A delimiter as prose uses it: a comma or semicolon before a space. */
const PROSE = /[,;](?=\s)/g;
const OTHER_DELIMITERS = /[,;\t|]/;

/**
 * 0 to 1: how far an unquoted cell looks like one value rather than like a piece of one or several of them.
 *
 * The idea, that a right dialect is the one whose cells look clean and whose rows agree, is from van den Burg,
 * Nazábal, Sutton: Wrangling messy CSV files by detecting row and type patterns (2019).
 */
export function cellClarity(value: string, candidate: Pick<Candidate, 'quote'>): number {
  if (value === '') return 1;
  if (NESTED.test(value)) return 1;
  if (OPENS_NESTED.test(value) || CLOSES_NESTED.test(value)) return 0;
  if (looksQuoted(value, candidate.quote)) return 0.2;
  if (OTHER_DELIMITERS.test(value) && !NUMBER.test(value.trim())) return mixedClarity(value);
  return value.charCodeAt(0) === 32 ? 0.8 : 1;
}

/** Text with a character in it that divides fields in other files. */
function mixedClarity(value: string): number {
  const rest = value.replace(PROSE, '');
  if (!OTHER_DELIMITERS.test(rest)) return 0.9;
  return rest.includes('\t') ? 0 : 0.1;
}

/** The cell still has quotes on it that the candidate does not know. */
function looksQuoted(value: string, quote: string | null): boolean {
  const first = value[0];
  const last = value.at(-1);
  if (quote === null && (first === '"' || last === '"')) return true;
  return value.length > 1 && first === last && first !== quote && (first === '"' || first === "'");
}
