import { mixed } from './mixed.ts';
import type { Random } from './random.ts';
import type { Shape } from './shape.ts';
import { CITIES, REMARKS, STATUSES } from './texts.ts';

const WIDE_COLUMNS = 500;
const LONG_TEXT_BYTES = 10_000;

/** 500 columns: whole numbers, decimals, words, dates and mostly empty ones in turn. */
const wide: Shape = {
  name: 'wide',
  columns: Array.from({ length: WIDE_COLUMNS }, (_, at) => `c${String(at + 1).padStart(3, '0')}`),
  record(number, random) {
    let text = String(number);
    for (let at = 1; at < WIDE_COLUMNS; at++) text += `,${wideField(at, random)}`;
    return text;
  },
};

function wideField(at: number, random: Random): string | number {
  switch (at % 5) {
    case 0:
      return random.below(1_000_000);
    case 1:
      return `${random.below(1_000)}.${10 + random.below(90)}`;
    case 2:
      return random.pick(STATUSES);
    case 3:
      return `20${10 + random.below(15)}-0${1 + random.below(9)}-${10 + random.below(19)}`;
    default:
      return random.below(4) === 0 ? random.below(100) : '';
  }
}

/** A text of 10 KB with newlines, commas and doubled quotes inside its quotes, between short columns. */
const long: Shape = {
  name: 'long',
  columns: ['id', 'written_at', 'author', 'body', 'closed'],
  record(number, random) {
    const day = 10 + random.below(18);
    return `${number},2024-05-${day} 12:00:00,${random.pick(CITIES)},"${body(random)}",${number % 2 === 0}`;
  },
};

function body(random: Random): string {
  let text = '';
  while (text.length < LONG_TEXT_BYTES) {
    text += `${random.pick(REMARKS)} ""${random.bits()}"", ${random.pick(STATUSES)} ${random.bits()}.\n`;
  }
  return text;
}

/** Three whole numbers: as many records per byte as it gets. */
const narrow: Shape = {
  name: 'narrow',
  columns: ['id', 'sensor', 'reading'],
  record: (number, random) => `${number},${random.below(10_000)},${random.below(1_000_000)}`,
};

/** What a warehouse is made from: each id once. */
const history: Shape = {
  name: 'history',
  columns: ['id', 'customer', 'amount', 'day'],
  record: (number) => historyRecord(number, (number * 7919) % CUSTOMERS, number % 1_000),
};

export const CUSTOMERS = 50_000;

export function historyRecord(id: number, customer: number, amount: number): string {
  return `${id},customer ${customer},${amount}.25,2026-01-${10 + (id % 20)}`;
}

export const SHAPES = { mixed, wide, long, narrow, history };
export type ShapeName = keyof typeof SHAPES;
