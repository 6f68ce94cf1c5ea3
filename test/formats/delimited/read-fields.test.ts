import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dialect } from '../../../src/formats/delimited/dialect.ts';
import { readFields } from '../../../src/formats/delimited/read-fields.ts';
import { compileRules, HAZARD, scanRecords } from '../../../src/formats/delimited/scan.ts';
import { USUAL } from './dialect-cases.ts';

/** Records with quoted fields between angle brackets. */
function read(text: string, dialect: Partial<Dialect> = {}): string[][] {
  const records = readFields(text, { ...USUAL, ...dialect });
  return records.map((record) => record.map((field) => (field.quoted ? `<${field.value}>` : field.value)));
}

describe('fields', () => {
  test('tell quoted from unquoted', () => expect(read('a,"b",,""\n')).toEqual([['a', '<b>', '', '<>']]));
  test('keep delimiters, line ends and quotes inside quotes', () => {
    expect(read('"a,b","c\nd","e""f"\n')).toEqual([['<a,b>', '<c\nd>', '<e"f>']]);
  });
  test('keep spaces', () => expect(read(' a , b\n')).toEqual([[' a ', ' b']]));
  test('end at CRLF in a file of LF', () =>
    expect(read('a,b\r\nc,"d"\r\n')).toEqual([
      ['a', 'b'],
      ['c', '<d>'],
    ]));
  test('keep a lone CR', () => expect(read('a\rb,c\n')).toEqual([['a\rb', 'c']]));
  test('end at CR', () =>
    expect(read('a,b\rc,"d"\r', { newline: '\r' })).toEqual([
      ['a', 'b'],
      ['c', '<d>'],
    ]));
  test('of the last record need no line end', () =>
    expect(read('a,b\nc,')).toEqual([
      ['a', 'b'],
      ['c', ''],
    ]));
  test('between delimiters of several characters', () => {
    expect(read('a|b||"c||d"||e\n', { delimiter: '||' })).toEqual([['a|b', '<c||d>', 'e']]);
  });
  test('without quotes keep them', () => {
    expect(read('"a","b\n', { quote: null, escape: null })).toEqual([['"a"', '"b']]);
  });
  test('with backslashes before quotes only', () => {
    expect(read('"a\\"b","c\\\\","d\\n",e\\"\n', { escape: '\\' })).toEqual([
      ['<a"b>', '<c\\>', '<d\\n>', 'e\\"'],
    ]);
  });
  test('with backslashes but no quotes', () => {
    const dialect = { quote: null, escape: '\\' };
    expect(read('a\\,b,c\\\nd,\\N,e\\\\,\\t\n', dialect)).toEqual([['a,b', 'c\nd', '\\N', 'e\\', '\\t']]);
  });
  test('are decoded', () => {
    expect(
      readFields(Buffer.from('å\n', 'latin1'), { ...USUAL, encoding: 'windows-1252' })[0]?.[0]?.value,
    ).toBe('å');
  });
});

describe('stray quotes', () => {
  test('inside an unquoted field are text', () => expect(read('a"b"c,5"\n')).toEqual([['a"b"c', '5"']]));
  test('text behind a closing quote makes the field unquoted', () => {
    expect(read('"a"b,c\n"d" ,e\n')).toEqual([
      ['"a"b', 'c'],
      ['"d" ', 'e'],
    ]);
  });
  test('an open quote at the end is text', () =>
    expect(read('a,"b,c\nd,e\n')).toEqual([
      ['a', '"b', 'c'],
      ['d', 'e'],
    ]));
});

describe('records', () => {
  test('that are ragged come back as they are', () =>
    expect(read('a,b\nc\nd,e,f\n').map((r) => r.length)).toEqual([2, 1, 3]));
  test('that are empty lines are dropped from a table of several columns', () => {
    expect(read('a,b\n\nc,d\n\n')).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });
  test('that are lines of spaces are ragged records', () => {
    expect(read('a,b\n \n')).toEqual([['a', 'b'], [' ']]);
  });
  test('that are empty lines stay in one column', () => {
    expect(read('a\n\nb\n')).toEqual([['a'], [''], ['b']]);
  });
  test('that are empty lines go by the number of columns where it is known', () => {
    expect(readFields('a\n\n', USUAL, 2)).toHaveLength(1);
    expect(readFields('a\n\n', USUAL, 1)).toHaveLength(2);
  });
  test('that are a quoted empty field stay', () => expect(read('a,b\n""\n')).toEqual([['a', 'b'], ['<>']]));
  test('of nothing are none', () => expect(read('')).toEqual([]));
});

const cell = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', ' ', "'", '\\', '😀') });
const table = fc
  .integer({ min: 2, max: 5 })
  .chain((width) =>
    fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
  );

describe('properties', () => {
  test('what is quoted is read back, with doubled quotes and with backslashes', () => {
    fc.assert(
      fc.property(table, fc.constantFrom('"', '\\'), (rows, escaping) => {
        const quote = (text: string) =>
          `"${text.replace(escaping === '"' ? /"/g : /["\\]/g, `${escaping}$&`)}"`;
        const text = rows.map((row) => `${row.map(quote).join(',')}\n`).join('');
        const back = readFields(text, { ...USUAL, escape: escaping });
        expect(back.map((row) => row.map((field) => field.value))).toEqual(rows);
        expect(back.flat().every((field) => field.quoted)).toBe(true);
      }),
    );
  });

  test('csv-parse reads the same', () => {
    const line = fc.array(
      fc.constantFrom('a', '1.5', '"x"', '"y,""z"""', '', '""', 'q"r', '"two\nlines"', "it's"),
      {
        minLength: 2,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom<Dialect['newline']>('\n', '\r\n'), (rows, newline) => {
        const text = rows.map((row) => row.join(',') + newline).join('');
        const oracle = parse(text, {
          relax_quotes: true,
          relax_column_count: true,
          cast: (value, context) => ({ value, quoted: context.quoting }),
        });
        expect(readFields(text, { ...USUAL, newline })).toEqual(oracle);
      }),
    );
  });

  test('the splitter counts the same records', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '"x,\n"', '""', ',', '\n', ' ', "'", 'a"b') });
    fc.assert(
      fc.property(text, fc.constantFrom(1, 3), (written, columnCount) => {
        const bytes = Buffer.from(written);
        const rules = compileRules(USUAL, columnCount);
        const scan = scanRecords(bytes, 0, bytes.length, rules, { eof: true });
        fc.pre((scan.hazards & (HAZARD.unterminatedQuote | HAZARD.strayQuote)) === 0);
        expect(readFields(bytes, USUAL, columnCount)).toHaveLength(scan.records);
      }),
    );
  });

  test('nothing makes it throw', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', '\\', "'") });
    const dialect = fc.record({
      quote: fc.constantFrom('"', "'", null),
      escape: fc.constantFrom('"', '\\', null),
      newline: fc.constantFrom<Dialect['newline']>('\n', '\r\n', '\r'),
    });
    fc.assert(
      fc.property(text, dialect, (written, marks) => {
        expect(Array.isArray(readFields(written, { ...USUAL, ...marks }))).toBe(true);
      }),
    );
  });
});
