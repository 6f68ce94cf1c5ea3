import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detectDialect } from '../../../src/formats/delimited/detect-dialect.ts';
import type { Dialect, Encoding } from '../../../src/formats/delimited/dialect.ts';
import { readFields } from '../../../src/formats/delimited/read-fields.ts';

interface Style {
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  readonly newline: Dialect['newline'];
  readonly encoding: Encoding;
  readonly bom: boolean;
  readonly quoteAll: boolean;
  readonly title: boolean;
}

const quoting = fc.constantFrom(
  { quote: '"', escape: '"', quoteAll: false },
  { quote: '"', escape: '"', quoteAll: true },
  { quote: '"', escape: '\\', quoteAll: true },
  { quote: "'", escape: "'", quoteAll: true },
);

const style: fc.Arbitrary<Style> = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '\t', '|', '||', '~|~', '|~|', '<>', '::'),
    newline: fc.constantFrom<Dialect['newline']>('\n', '\r\n', '\r'),
    encoding: fc.constantFrom<Encoding>('utf-8', 'utf-16le', 'utf-16be', 'windows-1252'),
    bom: fc.boolean(),
    title: fc.boolean(),
    quoting,
  })
  .map(({ quoting: how, ...rest }) => ({ ...rest, ...how }));

const words = fc.constantFrom('Åsa', 'Köln', 'blå båt', 'it’s', 'x', 'half-way', 'a.b', 'né (1)');
/** Text that needs its quotes, with every delimiter, both quotes and a line end in it. */
const hardText = fc.constantFrom('a, b; c', 'one\ntwo', 'say "hi", he said', "it's | that's", 'tab\there');

const columnsOf = {
  text: words,
  hard: fc.oneof(words, hardText),
  number: fc.integer({ min: -9999, max: 99_999 }).map(String),
  decimal: fc.integer({ min: 0, max: 9999 }).map((n) => (n / 100).toFixed(2)),
  date: fc.integer({ min: 1, max: 28 }).map((day) => `2024-05-${String(day).padStart(2, '0')}`),
  maybe: fc.oneof(words, fc.constant('')),
};
type ColumnKind = keyof typeof columnsOf;

/** A table with a header, a column of numbers to tell it by, and enough records to show a pattern. */
const randomTable = fc
  .array(fc.constantFrom<ColumnKind>('text', 'hard', 'number', 'decimal', 'date', 'maybe'), {
    minLength: 2,
    maxLength: 6,
  })
  .chain((kinds) => {
    const record = fc.tuple(columnsOf.number, ...kinds.map((kind) => columnsOf[kind]));
    const header = ['id', ...kinds.map((kind, index) => `${kind} ${index}`)];
    return fc.array(record, { minLength: 6, maxLength: 20 }).map((records) => [header, ...records]);
  });

function write(rows: readonly (readonly string[])[], how: Style): Buffer {
  const { delimiter, quote, escape: mark, newline, encoding } = how;
  const special = new RegExp(mark === quote ? quote : `[${quote}\\\\]`, 'g');
  const cell = (text: string) => {
    const needed = how.quoteAll || text.includes(delimiter) || /["'\r\n]/.test(text);
    return needed ? `${quote}${text.replace(special, `${mark}$&`)}${quote}` : text;
  };
  const title = how.title ? `Export of the month${newline}${newline}` : '';
  const text = title + rows.map((row) => row.map(cell).join(delimiter) + newline).join('');
  if (encoding === 'windows-1252') return Buffer.from(text.replaceAll('’', '\x92'), 'latin1');
  const marked = (how.bom ? '\ufeff' : '') + text;
  if (encoding === 'utf-8') return Buffer.from(marked);
  const bytes = Buffer.from(marked, 'utf16le');
  return encoding === 'utf-16le' ? bytes : bytes.swap16();
}

describe('a random table in a random dialect', () => {
  test('is read back', () => {
    fc.assert(
      fc.property(randomTable, style, (rows, how) => {
        const bytes = write(rows, how);
        const detected = detectDialect(bytes, { complete: true });
        if (detected === null) throw new Error('no record');
        const { dialect } = detected;
        expect(detected.header).toEqual(rows[0]);
        expect(dialect).toMatchObject({ delimiter: how.delimiter, newline: how.newline, header: true });
        expect(dialect.preambleLines).toBe(how.title ? 2 : 0);
        const back = readFields(bytes.subarray(dialect.bomBytes), dialect);
        const table = back.slice(how.title ? 1 : 0).map((record) => record.map((field) => field.value));
        expect(table).toEqual(rows);
      }),
      { numRuns: 400 },
    );
  });

  test('never makes detection throw, however it is damaged', () => {
    fc.assert(
      fc.property(
        randomTable,
        style,
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        (rows, how, cut, at, byte) => {
          const bytes = write(rows, how);
          const sample = bytes.subarray(0, cut % bytes.length);
          if (sample.length > 0) sample[at % sample.length] = byte;
          const detected = detectDialect(sample, { complete: cut % 2 === 0 });
          expect(detected === null || detected.columnCount > 0).toBe(true);
        },
      ),
    );
  });
});
