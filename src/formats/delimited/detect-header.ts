import type { Field } from './dialect.ts';

export interface HeaderVerdict {
  readonly header: boolean;
  readonly why: string;
  /** Columns whose first cell is a name above values of another kind. */
  readonly named: number;
}

type Kind = 'number' | 'date' | 'time' | 'boolean' | 'uuid' | 'address' | 'nested' | 'text' | 'blank';

const NUMBER = /^[-+]?\p{Sc}?\s?(\d[\d.,' \u00a0\u202f]*|[.,]\d+)(e[-+]?\d+)?\s?[%\p{Sc}]?$/iu;
const DATE = /^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})([T ]\d{1,2}:\d{2}.*)?$/;
const TIME = /^\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?$/;
const BOOLEAN = /^(true|false)$/i;
const UUID = /^\{?[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\}?$/i;
const ADDRESS = /^([^@\s]+@[^@\s]+\.[^@\s]+|https?:\/\/\S+)$/i;
const NESTED = /^(\{.*\}|\[.*\])$/s;
const BLANK = /^(|n\/?a|null|none|nan|nil|-+|\?|\\n)$/i;
const YEAR = /^(19|20)\d{2}$/;

/** Nothing but text and nested values is longer; the patterns above are slow on very long ones. */
const LONGEST_VALUE = 200;

/** A column is of a kind when this share of its filled cells is. */
const KIND_SHARE = 0.9;

/** True for a cell that counts as a name wherever it stands: it is no value of any other kind. */
export function isName(cell: string): boolean {
  return ['text', 'blank'].includes(kindOf(cell.trim()));
}

/** Whether the first of `rows` names the columns: it does unless it is plainly data like the rows below it. */
export function judgeHeader(rows: readonly (readonly Field[])[]): HeaderVerdict {
  const [first = [], ...below] = rows;
  if (below.length === 0) return judgeLoneRecord(first);
  if (isYearRow(first)) return { header: true, why: 'the first record counts years', named: 1 };
  let named = 0;
  let alike = 0;
  for (const [column, cell] of first.entries()) {
    const kind = columnKind(below, column);
    const own = kindOf(cell.value.trim());
    if (kind === 'text' || kind === 'blank' || own === 'blank') continue;
    if (own === kind) alike++;
    else if (own === 'text') named++;
  }
  if (named > 0 && named >= alike) {
    return {
      header: true,
      why: `the first record has ${named === 1 ? 'a name above a column' : `names above ${named} columns`} of other values`,
      named,
    };
  }
  if (alike > 0) {
    return {
      header: false,
      why: `the first record is data: ${alike} of its values ${alike === 1 ? 'is' : 'are'} like those below`,
      named,
    };
  }
  return { header: true, why: 'nothing in the first record says that it is data', named };
}

function judgeLoneRecord(record: readonly Field[]): HeaderVerdict {
  const values = record.filter((cell) => !isName(cell.value)).length;
  if (values > 0)
    return {
      header: false,
      why: `the only record is data: ${values} of its values ${values === 1 ? 'is no name' : 'are no names'}`,
      named: 0,
    };
  return { header: true, why: 'the only record is all text', named: 0 };
}

/** Names of a table that has a column for each year, which look like data otherwise. */
function isYearRow(cells: readonly Field[]): boolean {
  const years = cells.flatMap(({ value }) => (YEAR.test(value.trim()) ? [Number(value)] : []));
  const steps = years.slice(1).map((year, index) => year - (years[index] ?? 0));
  return steps.length > 0 && steps.every((step) => Math.abs(step) === 1);
}

function columnKind(rows: readonly (readonly Field[])[], column: number): Kind {
  const counts = new Map<Kind, number>();
  let filled = 0;
  for (const row of rows) {
    const kind = kindOf(row[column]?.value.trim() ?? '');
    if (kind === 'blank') continue;
    filled++;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  for (const [kind, count] of counts) if (count >= filled * KIND_SHARE) return kind;
  return filled === 0 ? 'blank' : 'text';
}

function kindOf(value: string): Kind {
  if (value.length > LONGEST_VALUE) return NESTED.test(value) ? 'nested' : 'text';
  if (BLANK.test(value)) return 'blank';
  if (TIME.test(value)) return 'time';
  if (DATE.test(value)) return 'date';
  if (NUMBER.test(value)) return 'number';
  if (BOOLEAN.test(value)) return 'boolean';
  if (UUID.test(value)) return 'uuid';
  if (NESTED.test(value)) return 'nested';
  return ADDRESS.test(value) ? 'address' : 'text';
}
