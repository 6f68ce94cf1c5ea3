import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dialect } from '../../../src/formats/delimited/dialect.ts';
import { Engine } from './engine.ts';

type Style = Pick<Dialect, 'delimiter' | 'quote' | 'escape' | 'newline' | 'encoding'> & {
  readonly bom: boolean;
};

const USUAL: Style = {
  ...{ delimiter: ',', quote: '"', escape: '"', newline: '\n', encoding: 'utf-8', bom: false },
};
const STYLES: Readonly<Record<string, Style>> = {
  usual: USUAL,
  crlf: { ...USUAL, newline: '\r\n', delimiter: ';', bom: true },
  cr: { ...USUAL, newline: '\r', delimiter: '\t' },
  escaped: { ...USUAL, escape: '\\', delimiter: '|' },
  apostrophes: { ...USUAL, quote: "'", escape: "'" },
  pipes: { ...USUAL, delimiter: '||', newline: '\r\n' },
  tildes: { ...USUAL, delimiter: '~|~' },
  wide: { ...USUAL, encoding: 'utf-16le', bom: true, newline: '\r\n' },
  colons: { ...USUAL, encoding: 'utf-16le', bom: true, delimiter: '::' },
  western: { ...USUAL, encoding: 'latin1', delimiter: ';' },
};
const COLUMNS = { a: 'text', b: 'text', c: 'text' };

/** A cell as it is meant; null is an empty field without quotes. */
type Cell = string | null;

let engine: Engine;

beforeAll(async () => {
  const datasets = Object.entries(STYLES).map(([name, { bom: _, ...dialect }]) => ({
    ...{ name, match: `${name}_*.csv`, columns: COLUMNS },
    dialect: { ...dialect, header: true, preambleLines: 0, nullMarker: '' },
  }));
  engine = await Engine.open({ LANES: '2' }, datasets);
});

afterAll(() => engine.close());

/** Text made of what matters to a reader of this style, and a little that does not. */
function cellsOf(style: Style): fc.Arbitrary<Cell> {
  const { delimiter, quote, newline } = style;
  const marks = [
    delimiter,
    delimiter[0] ?? '',
    quote ?? '',
    newline,
    '\n',
    '\r\n',
    '"',
    "'",
    ' ',
    'é',
    'x',
    '0',
    '.',
    '-',
  ];
  const text = fc.array(fc.constantFrom(...marks), { maxLength: 6 }).map((parts) => parts.join(''));
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constant('') },
    { weight: 5, arbitrary: text },
  );
}

/** Quotes what needs them, and some of what does not. */
function write(records: readonly (readonly Cell[])[], style: Style): Buffer {
  const { delimiter, quote, escape: mark, newline, encoding, bom } = style;
  const cell = (value: Cell, at: number) => {
    if (value === null) return '';
    const needed =
      value === '' || /["'\r\n]/.test(value) || value.includes(delimiter[0] ?? '') || /[|~:]/.test(value);
    if (!needed && at % 2 === 0) return value;
    return quote + value.replaceAll(quote ?? '', `${mark}${quote}`) + quote;
  };
  const lines = [['a', 'b', 'c'], ...records.map((record) => record.map(cell))];
  const text = (bom ? '\ufeff' : '') + lines.map((line) => line.join(delimiter) + newline).join('');
  return Buffer.from(text, encoding === 'utf-16le' ? 'utf16le' : encoding === 'latin1' ? 'latin1' : 'utf8');
}

/** What csv-parse reads, strictly. */
function readIndependently(
  bytes: Buffer,
  { delimiter, quote, escape: mark, newline, encoding }: Style,
): Cell[][] {
  return parse(bytes, {
    ...{
      delimiter,
      quote,
      escape: mark,
      record_delimiter: newline,
      bom: true,
      from: 2,
      skip_empty_lines: true,
    },
    encoding: encoding === 'utf-16le' ? 'utf16le' : encoding === 'latin1' ? 'latin1' : 'utf8',
    cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
  }) as unknown as Cell[][];
}

async function rowsOf(table: string, runId: number): Promise<Cell[][]> {
  const rows = await engine.query<{ row: Cell[] }>(
    `select array[a, b, c] as row from staging.${table} where _run_id = $1 order by _row`,
    [runId],
  );
  return rows.map(({ row }) => row);
}

test.each(Object.entries(STYLES))(
  '%s: every value is what csv-parse reads in the same file',
  async (name, style) => {
    const record = fc.tuple(cellsOf(style), cellsOf(style), cellsOf(style));
    const files = fc.sample(fc.array(record, { minLength: 1, maxLength: 30 }), 4);
    const [first = []] = files;
    const padding = 'y'.repeat(200);
    const large = Array.from({ length: 11_000 }, (_, at) => {
      const [a = null, b = null] = first[at % first.length] ?? [];
      return [a, b, padding];
    });
    for (const [at, records] of [...files, ...(['pipes', 'wide'].includes(name) ? [large] : [])].entries()) {
      const bytes = write(records, style);
      const read = readIndependently(bytes, style);
      expect(JSON.stringify(read)).toBe(JSON.stringify(records));
      const outcome = await engine.load(`${name}_${at}.csv`, bytes);
      if (outcome.status === 'duplicate') continue;
      expect(outcome).toMatchObject({ status: 'published', loads: [{ rowsLoaded: records.length }] });
      // Compared as text first: in a large file that is quicker.
      const rows = await rowsOf(name, outcome.runId);
      if (JSON.stringify(rows) !== JSON.stringify(read)) expect(rows).toEqual(read);
    }
  },
);
