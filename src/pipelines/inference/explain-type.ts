import type { ColumnEvidence, Contradiction } from './column-evidence.ts';
import type { InferredType } from './join-types.ts';

/** Says that a column held nothing but NULL, so its type is open. */
export const NO_VALUES = 'no values seen';

const SHOWN_CHARACTERS = 40;

const NOUNS: Readonly<Record<InferredType, readonly [one: string, many: string]>> = {
  bigint: ['whole number', 'whole numbers'],
  numeric: ['number', 'numbers'],
  boolean: ['value of true or false', 'values of true or false'],
  date: ['date', 'dates'],
  timestamp: ['timestamp without a zone', 'timestamps without a zone'],
  timestamptz: ['timestamp with a zone', 'timestamps with a zone'],
  uuid: ['UUID', 'UUIDs'],
  text: ['text', 'texts'],
};

/** One short sentence on why a column has the type that its values give it. */
export function explainType(evidence: ColumnEvidence): string {
  const { type, filled, contradiction, range, scale } = evidence;
  if (type === null) return NO_VALUES;
  if (contradiction !== null) return explainText(contradiction);
  const counted = counting(filled, type);
  if (type === 'boolean' || type === 'uuid') return counted;
  if (type === 'bigint') return `${counted}, largest ${grouped(range.largest)}`;
  if (type === 'numeric') return `${counted}, up to ${scale} ${scale === 1 ? 'decimal' : 'decimals'}`;
  return filled === 1 ? `${counted}, ${range.largest}` : `${counted}, ${range.smallest} to ${range.largest}`;
}

function explainText(contradiction: Contradiction): string {
  const { record, value, before, filledBefore } = contradiction;
  if (value === '') return `record ${record} has an empty value in quotes, which is not NULL`;
  const habit = numberHabit(value);
  if (habit !== null) return `${habit} as in ${shown(value)}`;
  const found = `record ${record} has ${shown(value)}`;
  return before === null ? found : `${counting(filledBefore, before)}, but ${found}`;
}

/** What a number would lose if it were stored as one. */
function numberHabit(value: string): string | null {
  if (/^-?0\d+(\.\d+)?$/.test(value)) return 'leading zeros';
  if (/^\+[\d.]+$/.test(value)) return 'a plus sign';
  if (/^\s+[-+\d.]+\s*$|^[-+\d.]+\s+$/.test(value)) return 'spaces around a number';
  if (/^-?\d{19,}(\.\d+)?$/.test(value)) return 'more digits than a bigint holds,';
  if (/^-0(\.0+)?$/.test(value)) return 'a negative zero';
  return null;
}

function shown(value: string): string {
  const printable = value.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
  const characters = [...printable];
  if (characters.length <= SHOWN_CHARACTERS) return `'${printable}'`;
  return `'${characters.slice(0, SHOWN_CHARACTERS).join('')}…'`;
}

function counting(values: number, type: InferredType): string {
  return `${grouped(String(values))} ${NOUNS[type][values === 1 ? 0 : 1]}`;
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}
