import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dialect } from '../../../src/formats/delimited/dialect.ts';
import { compileRules, HAZARD, scanRecords } from '../../../src/formats/delimited/scan.ts';
import { USUAL } from './dialect-cases.ts';
import { hazardsOf, splitNaively } from './naive-splitter.ts';
import { anyDialect, nastyText } from './random-texts.ts';

const RUNS = { numRuns: 1500 };

const anyText = anyDialect.chain((dialect) =>
  fc.record({ dialect: fc.constant(dialect), text: nastyText(dialect), columnCount: fc.constantFrom(1, 3) }),
);

function scan(text: string | Buffer, dialect: Partial<Dialect> = {}, columnCount = 3, eof = true) {
  const bytes = Buffer.from(text as string, 'latin1');
  const found: { start: number; end: number; linesBefore: number }[] = [];
  const rules = compileRules({ ...USUAL, ...dialect }, columnCount);
  const result = scanRecords(bytes, 0, bytes.length, rules, {
    eof,
    onRecord: (start, end, linesBefore) => found.push({ start, end, linesBefore }),
  });
  return { ...result, found };
}

describe('scanRecords', () => {
  test('finds the records, lines and hazards that a byte-by-byte walk finds', () => {
    fc.assert(
      fc.property(anyText, ({ dialect, text, columnCount }) => {
        const expected = splitNaively(text, dialect, columnCount);
        const records = expected.filter(({ blank }) => !blank);
        const result = scan(text, dialect, columnCount);
        expect(result.found).toEqual(
          records.map(({ start, end, linesBefore }) => ({ start, end, linesBefore })),
        );
        expect(result.end).toBe(text.length);
        expect(result.records).toBe(records.length);
        expect(result.hazards).toBe(hazardsOf(expected, dialect));
        const terminated = expected.at(-1)?.terminator !== '';
        const lines = expected.reduce((sum, { lineEnds }) => sum + lineEnds, 0);
        expect(result.lines).toBe(terminated ? lines : lines + 1);
      }),
      RUNS,
    );
  });

  test('of a range that ends anywhere, gives whole records only, and the same ones', () => {
    fc.assert(
      fc.property(anyText, fc.nat(), ({ dialect, text, columnCount }, cut) => {
        const stop = text.length === 0 ? 0 : cut % text.length;
        const whole = splitNaively(text, dialect, columnCount);
        const result = scan(text.slice(0, stop), dialect, columnCount, false);
        const before = whole.filter(({ end, terminator }) => end <= result.end && terminator !== '');
        expect(before.at(-1)?.end ?? 0).toBe(result.end);
        expect(result.records).toBe(before.filter(({ blank }) => !blank).length);
        expect(result.hazards).toBe(hazardsOf(before, dialect));
        expect(result.lines).toBe(before.reduce((sum, { lineEnds }) => sum + lineEnds, 0));
        // At most the record at the cut is held back, and a line end that may not be over.
        const next = whole[before.length];
        expect(next === undefined || next.end + 1 > stop || next.end === result.end).toBe(true);
      }),
      RUNS,
    );
  });

  test('counts what it finds, told of each record or not', () => {
    const lines = fc.array(fc.stringMatching(/^[a,]{0,9}$/), { maxLength: 40 });
    const plainText = fc.record({
      text: fc.tuple(lines, fc.boolean()).map(([all, ended]) => all.join('\n') + (ended ? '\n' : '')),
      dialect: fc.constantFrom({}, { quote: null, escape: null }, { newline: '\r\n' } as const),
      columnCount: fc.constantFrom(1, 3),
    });
    fc.assert(
      fc.property(
        fc.oneof(plainText, anyText),
        fc.nat(7),
        fc.boolean(),
        ({ dialect, text, columnCount }, before, eof) => {
          const bytes = Buffer.from(' '.repeat(before) + text, 'latin1');
          const rules = compileRules({ ...USUAL, ...dialect }, columnCount);
          const counted = scanRecords(bytes, before, bytes.length, rules, { eof });
          const told = scanRecords(bytes, before, bytes.length, rules, { eof, onRecord: () => {} });
          expect(counted).toEqual(told);
        },
      ),
      RUNS,
    );
  });

  test('reads nothing beyond the range', () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), ({ dialect, text, columnCount }, eof) => {
        const rules = compileRules(dialect, columnCount);
        const around = Buffer.from(`\r\n"${text}\n"\r`, 'latin1');
        const alone = Buffer.from(text, 'latin1');
        const inside = scanRecords(around, 3, 3 + text.length, rules, { eof });
        const outside = scanRecords(alone, 0, alone.length, rules, { eof });
        const open = inside.open < 0 ? -1 : inside.open - 3;
        expect({ ...inside, end: inside.end - 3, open }).toEqual(outside);
      }),
      RUNS,
    );
  });

  test('reads nothing beyond a range that ends in a backslash inside quotes', () => {
    const rules = compileRules({ ...USUAL, escape: '\\' }, 3);
    expect(scanRecords(Buffer.from('"\\\n\0'), 0, 2, rules, { eof: true })).toMatchObject({
      lines: 1,
      hazards: 64,
      open: 0,
    });
  });

  test('stops after as many records as were asked for', () => {
    expect(scan('1,2\n3,4\n5,6\n').records).toBe(3);
    const bytes = Buffer.from('1,2\n\n"3\n",4\n5,6\n');
    const rules = compileRules(USUAL, 2);
    expect(scanRecords(bytes, 0, bytes.length, rules, { eof: true, maxRecords: 2 })).toEqual({
      end: 12,
      records: 2,
      lines: 4,
      hazards: HAZARD.blankLine,
      open: -1,
    });
  });
});

describe('scanRecords, hazard by hazard', () => {
  const { strayQuote, nul, endMarker, mixedNewlines, blankLine, quoteStandIn, unterminatedQuote } = HAZARD;
  test.each<[string, string, Partial<Dialect>, number]>([
    ['nothing', '1,"2 ""x"""\n', {}, 0],
    ['a quote inside a field', 'a"b"c,2\n', {}, strayQuote],
    ['text after a closing quote', '"a"b,2\n', {}, strayQuote],
    ['a space before an opening quote', ' "a",2\n', {}, strayQuote],
    ['a doubled quote where backslashes escape', '"a""b",2\n', { escape: '\\' }, strayQuote],
    ['a NUL byte', 'a\0b,2\n', {}, nul],
    ['a NUL byte in quotes', '"a\0b",2\n', {}, nul],
    ['a NUL byte behind a backslash in quotes', '"a\\\0b",2\n', { escape: '\\' }, nul],
    ['a NUL byte behind a backslash', 'a\\\0b,2\n', { quote: null, escape: '\\' }, nul],
    ['a line of \\.', '1,2\n\\.\n3,4\n', {}, endMarker],
    ['a line of \\. and CR LF', '1,2\r\n\\.\r\n', { newline: '\r\n' }, endMarker],
    ['a last line of \\.', '1,2\n\\.', {}, endMarker],
    ['\\. among other text', '\\.a,\\.\n1,\\.\n', {}, 0],
    ['\\. at the end of a field of the text format', '1\tfoo\\.\n', { quote: null, escape: '\\' }, endMarker],
    ['LF and CR LF', '1,2\n3,4\r\n', {}, mixedNewlines],
    ['a lone CR', '1\r2,3\n', {}, mixedNewlines],
    ['a CR in quotes', '"1\r2",3\n', {}, 0],
    ['an LF in a file of CR', '1\n2,3\r', { newline: '\r' }, mixedNewlines],
    ['bare LF in a file of CR LF', '1,2\n', { newline: '\r\n' }, mixedNewlines],
    ['an escaped CR LF', '1\\\r\n2\t3\r\n', { quote: null, escape: '\\', newline: '\r\n' }, mixedNewlines],
    ['CR at the end of the file', '1,2\n3,4\r', {}, mixedNewlines],
    ['an empty line', '1,2\n\n3,4\n', {}, blankLine],
    ['an empty line of CR LF', '1,2\r\n\r\n3,4\r\n', { newline: '\r\n' }, blankLine],
    ['a line of spaces', '1,2\n  \n3,4\n', {}, 0],
    ['the byte that stands in for a quote', '1,\x012\n', { quote: null, escape: null }, quoteStandIn],
    ['that byte where there are quotes', '1,\x012\n', {}, 0],
    ['an open quote at the end', '1,"2\n3,4\n', {}, unterminatedQuote],
  ])('%s', (_name, text, dialect, hazards) => {
    expect(scan(text, dialect).hazards).toBe(hazards);
  });

  test('in one column an empty line is a record and no hazard', () => {
    expect(scan('1\n\n2\n', {}, 1)).toMatchObject({ records: 3, hazards: 0 });
  });

  test.each(['latin1', 'windows-1252'] as const)(
    'a delimiter above ASCII opens fields in a file of %s',
    (encoding) => {
      expect(scan('1§"a\nb"\n', { delimiter: '§', encoding })).toMatchObject({ records: 1, hazards: 0 });
    },
  );
});
