import { type Candidate, candidates, expectedDelimiter } from './detect-candidates.ts';
import { measureShape, type Shape, type ShapeRecord } from './detect-shape.ts';
import type { DialectOverrides } from './dialect.ts';

/** Characters that decide; more only costs time. */
export const DECIDING_CHARACTERS = 128 * 1024;

/** A table that starts on the first line and hardly ever changes its width is seldom an accident. */
export const EVEN_FROM_THE_START = 4;
const EVEN_SHARE = 0.98;
/** One column explains every text, so it counts only when nothing else does. */
const SINGLE_COLUMN = 0.06;
export const EXPECTED_BY_NAME = 1.2;
/** Lines that look this much like single values need no delimiter. */
const READS_AS_SINGLE = 0.89;
/** More of the text than this behind an open quote: the quote is none. */
const SWALLOWED_SHARE = 0.25;

/** How the text is divided, and what came of it. */
export interface DetectedMarks {
  readonly candidate: Candidate;
  readonly shape: Shape;
  /** Fields of most records. */
  readonly width: number;
}

/** The candidate under which the text looks most like a table. `complete`: the text ends where the file ends. */
export function detectMarks(
  text: string,
  complete: boolean,
  overrides: DialectOverrides,
  fileName: string,
): DetectedMarks {
  const head = text.slice(0, DECIDING_CHARACTERS);
  const cut = !complete || head.length < text.length;
  const expected = expectedDelimiter(fileName);
  const scored = candidates(head, overrides, fileName).map((candidate) => {
    const shape = measureShape(head, candidate, cut);
    const width = commonWidth(shape.records);
    const isExpected = [expected, `${expected} `].includes(candidate.delimiter) && !candidate.single;
    const prior = isExpected ? EXPECTED_BY_NAME : 1;
    return { candidate, shape, width, score: prior * score(candidate, shape, width) };
  });
  const best = withCommonestNewline(scored.toSorted((a, b) => b.score - a.score));
  const [first] = best;
  if (first === undefined) throw new RangeError('there is always a candidate: one column');
  const isPlausible = (choice: Scored) =>
    quoteIsPlausible(choice, best) && widthIsPlausible(head, choice, best);
  return best.find(isPlausible) ?? first;
}

/** A line end that stands only inside quotes makes few records, one that stands inside fields makes odd ones. */
function withCommonestNewline(best: readonly Scored[]): readonly Scored[] {
  const leaders = new Map<string, Scored>();
  for (const choice of best) {
    const { newline } = choice.candidate;
    if (!leaders.has(newline)) leaders.set(newline, choice);
  }
  const weight = ({ score, shape }: Scored) => score * shape.records.length;
  const [leader] = [...leaders.values()].toSorted((a, b) => weight(b) - weight(a));
  return best.filter(({ candidate }) => candidate.newline === leader?.candidate.newline);
}

interface Scored extends DetectedMarks {
  readonly score: number;
}

function score(candidate: Candidate, shape: Shape, width: number): number {
  const { records, quoted, stray, clarity, swallowed } = shape;
  const quotes = quoted + stray === 0 ? 1 : 0.2 + (0.8 * quoted) / (quoted + stray);
  const base = candidate.single || width < 2 ? SINGLE_COLUMN * EVEN_FROM_THE_START : evenness(records, width);
  if (width < 2 && !candidate.single) return base * quotes * 0.01;
  return base * clarity * quotes * (1 - swallowed);
}

/** Higher with more columns, with fewer records of another width, and with fewer lines before the table. */
function evenness(records: readonly ShapeRecord[], width: number): number {
  const first = records.findIndex((record) => isNear(record.fields, width));
  const table = records.slice(first);
  const even = table.filter((record) => record.fields === width).length / table.length;
  const covered = table.length / records.length;
  const bonus = first === 0 && table.length > 1 && even >= EVEN_SHARE ? EVEN_FROM_THE_START : 1;
  return ((width - 1) / width) * even ** 2 * Math.sqrt(covered) * bonus;
}

/** Equal, or in a wide table off by one, as headers of row names and trailing delimiters are. */
function isNear(fields: number, width: number): boolean {
  return fields === width || (width >= 4 && Math.abs(fields - width) === 1);
}

/** The number of fields that most cells are in records of; the earlier on a tie. */
function commonWidth(records: readonly ShapeRecord[]): number {
  const counts = new Map<number, number>();
  for (const { fields } of records) counts.set(fields, (counts.get(fields) ?? 0) + 1);
  let width = 1;
  let weight = 0;
  for (const [fields, count] of counts) {
    const candidate = (count * (fields - 1)) / fields;
    if (candidate > weight) [width, weight] = [fields, candidate];
  }
  return width;
}

/**
 * An apostrophe is a quote only when it behaves like one throughout; `"` is text only when it mostly does not
 * behave like a quote, or nothing is quoted and backslashes do its work.
 */
function quoteIsPlausible(choice: Scored, all: readonly Scored[]): boolean {
  const { candidate, shape } = choice;
  if (candidate.quote === "'") {
    const purposeful = shape.needed > 0 || shape.quotedColumns > 0 || isLoneQuotedRecord(shape);
    return shape.stray === 0 && shape.quoted > 0 && purposeful && !isQuotedWith('"', choice, all);
  }
  if (candidate.quote !== null) return true;
  const sibling = siblingWith('"', choice, all)?.shape;
  if (sibling === undefined || sibling.stray > sibling.quoted) return true;
  return sibling.swallowed > SWALLOWED_SHARE || (candidate.escape === '\\' && sibling.quoted === 0);
}

/** `name`, then `Smith, John` or `1,5` on every line, is one column with a header, not a title above several. */
function widthIsPlausible(text: string, choice: Scored, all: readonly Scored[]): boolean {
  const [title, second] = choice.shape.records;
  if (choice.width < 2 || title?.fields !== 1 || second?.fields !== choice.width) return true;
  if (!/^[\p{L}\p{N}_]+$/u.test(text.slice(title.start, title.end))) return true;
  const { candidate } = choice;
  const single = all.find(({ candidate: other }) => other.single && other.quote === candidate.quote);
  return (single?.shape.clarity ?? 0) < READS_AS_SINGLE;
}

function isLoneQuotedRecord(shape: Shape): boolean {
  return shape.records.length === 1 && shape.quoted > 1;
}

function isQuotedWith(quote: string, choice: Scored, all: readonly Scored[]): boolean {
  const sibling = siblingWith(quote, choice, all);
  return sibling !== undefined && sibling.shape.quoted > choice.shape.quoted;
}

function siblingWith(quote: string, { candidate }: Scored, all: readonly Scored[]): Scored | undefined {
  return all.find(
    ({ candidate: other }) =>
      other.quote === quote &&
      other.escape === quote &&
      other.newline === candidate.newline &&
      other.single === candidate.single &&
      other.delimiter === candidate.delimiter,
  );
}
