import { judgeHeader } from './detect-header.ts';
import type { ShapeRecord } from './detect-shape.ts';
import type { Field } from './dialect.ts';

/** Enough records to judge a header by. */
export const JUDGED_RECORDS = 500;

const MAX_PREAMBLE = 50;

/** Records of a text, and how to read them. */
export interface Records {
  readonly text: string;
  readonly width: number;
  readonly list: readonly ShapeRecord[];
  /** Fields of the records from `from` on, at most `count`. */
  read(from: number, count: number): Field[][];
}

/**
 * How many records stand before the table: comments, titles, lines of another width. Preamble is not counted
 * among the records of a file, so a long one is taken for what it then is: a ragged table.
 *
 * A first record that is only a little wider or narrower than the rest may be a ragged header, so it counts as
 * preamble only when what follows it starts with a header of its own.
 */
export function countPreamble(records: Records): number {
  let index = 0;
  while (index <= MAX_PREAMBLE && isPreamble(records, index)) index++;
  return index <= MAX_PREAMBLE && index < records.list.length ? index : 0;
}

function isPreamble(records: Records, index: number): boolean {
  const { list, width, text } = records;
  const record = list[index];
  if (record === undefined) return false;
  const { fields, start } = record;
  if (text[start] === '#' && isComment(records, index)) return true;
  if (width === 1) return false;
  if (fields !== width && fields <= width / 2) return true;
  return (fields !== width || isPaddedTitle(records, index)) && headerFollows(records, index);
}

/** `#` and a space start a comment, unless the line has a name for each column of the data right below it. */
function isComment(records: Records, index: number): boolean {
  const { list, width, text } = records;
  const { fields = 0, start = 0 } = list[index] ?? {};
  if (fields !== width) return true;
  if (!/\s/.test(text[start + 1] ?? ' ')) return false;
  const rows = records.read(index, JUDGED_RECORDS);
  return judgeHeader(rows).named === 0 || judgeHeader(rows.slice(1)).header;
}

/** `Report,,,`: a title in a spreadsheet that was saved with as many cells as the table below. */
function isPaddedTitle(records: Records, index: number): boolean {
  const [title, next] = records.read(index, 2);
  if (title === undefined || next === undefined || title.length < 3) return false;
  const [first, ...rest] = title;
  return (
    first?.value !== '' && rest.every((cell) => cell.value === '') && next.every((cell) => cell.value !== '')
  );
}

function headerFollows(records: Records, index: number): boolean {
  const next = records.list.findIndex(({ fields }, at) => at > index && fields === records.width);
  if (next < 0) return false;
  return judgeHeader(records.read(next, JUDGED_RECORDS)).named > 0;
}
