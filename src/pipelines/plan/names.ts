import { cutToBytes, identifierFrom, MAX_NAME_BYTES } from '../../naming.ts';

/** Columns that every Postgres table has; a column of that name cannot be made. */
const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']);

/**
 * The column name for one name from a file, not yet unique among its neighbours: see `identifierFrom`, cut to
 * Postgres's 63 bytes. Empty becomes `column_<position>` (from 1). Sluice's own `_run_id` and `_row` become
 * `run_id` and `row`. A system column's name collides with the system's and gets a number: `ctid_2`.
 */
export function normaliseName(original: string, position: number): string {
  const name = cutToBytes(identifierFrom(original), MAX_NAME_BYTES);
  if (name === '') return `column_${position}`;
  return SYSTEM_COLUMNS.has(name) ? `${name}_2` : name;
}

/**
 * Column names for a header: as many as `originals`, unique, each 1 to 63 bytes, none a system column.
 *
 * Collisions get a number from 2 on. Who keeps the plain name does not depend on the order of the columns, so
 * that two files with the same columns in another order get the same names: first the column that is written
 * exactly so, then by the text of the original, then by position. Names made up for blanks yield to real ones,
 * and a number never takes a name that stands in the file.
 */
export function normaliseNames(originals: readonly string[]): string[] {
  const columns = originals.map((original, index) => toColumn(original, index));
  const taken = new Set<string>();
  const waiting: Column[] = [];
  for (const column of columns.toSorted(byClaim)) {
    if (taken.has(column.wanted)) waiting.push(column);
    else taken.add(column.wanted);
  }
  const names = columns.map((column) => column.wanted);
  for (const column of waiting) {
    names[column.index] = numbered(column.wanted, taken);
  }
  return names;
}

interface Column {
  readonly index: number;
  readonly original: string;
  readonly wanted: string;
  /** 0: written exactly so; 1: made from what is written; 2: made up. */
  readonly rank: 0 | 1 | 2;
}

function toColumn(original: string, index: number): Column {
  const wanted = normaliseName(original, index + 1);
  const madeUp = identifierFrom(original) === '';
  return { index, original, wanted, rank: wanted === original ? 0 : madeUp ? 2 : 1 };
}

function byClaim(a: Column, b: Column): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.original !== b.original) return a.original < b.original ? -1 : 1;
  return a.index - b.index;
}

function numbered(name: string, taken: Set<string>): string {
  for (let number = 2; ; number++) {
    const suffix = `_${number}`;
    const candidate = cutToBytes(name, MAX_NAME_BYTES - suffix.length) + suffix;
    if (taken.has(candidate)) continue;
    taken.add(candidate);
    return candidate;
  }
}
