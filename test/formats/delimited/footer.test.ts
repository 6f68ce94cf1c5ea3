import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FooterRules, findFooter } from '../../../src/formats/delimited/footer.ts';
import { FooterSource, withoutFooter } from '../../../src/formats/delimited/footer-source.ts';
import { knownLine } from '../../../src/formats/delimited/known-footers.ts';
import { MemorySource } from '../../../src/formats/memory-source.ts';

/** A table of several columns, comma between them. */
const WIDE: FooterRules = {
  declared: null,
  singleColumn: false,
  whole: true,
  fits: ({ text }) => text.includes(','),
};
/** A table of one column of numbers. */
const NUMBERS: FooterRules = { ...WIDE, singleColumn: true, fits: ({ text }) => /^\d*$/.test(text) };

function footerOf(text: string, rules = WIDE): [text: string, lines: number] | null {
  const footer = findFooter(text, rules, (line) => line);
  return footer === null ? null : [text.slice(-footer.length), footer.lines];
}

describe('known footers', () => {
  test.each([
    ['(3 rows affected)', 3],
    ['(1 row affected)', 1],
    ['(3 row(s) affected)', 3],
    ['(3 Zeilen betroffen)', 3],
    ['(3 lignes affectées)', 3],
    ['(2 rows)', 2],
    ['(1 row)', 1],
    ['3 rows in set (0.00 sec)', 3],
    ['3 rows in set, 1 warning (1 min 2.01 sec)', 3],
    ['Query OK, 3 rows affected (0.01 sec)', 3],
    ['Empty set (0.00 sec)', null],
    ['3 rows selected.', 3],
    ['no rows selected', null],
    ['  3 record(s) selected.', 3],
    ['3 row(s) retrieved.', 3],
    ['3 Row(s) produced. Time Elapsed: 0.2s', 3],
    ['Time taken: 0.5 seconds, Fetched: 3 row(s)', 3],
    ['Time: 1.234 ms', null],
    ['SQL> spool off', null],
  ])('%s', (text, count) => expect(knownLine(text)).toMatchObject({ text, count }));

  test.each(['rows', '(rows)', '3 rows', 'Total', '(3 rows) and more', 'see (3 rows affected)', 'SQL', ''])(
    'not %j',
    (text) => expect(knownLine(text)).toBeNull(),
  );
});

describe('the footer of a file', () => {
  test.each([
    ['none', 'a,b\n1,2\n', null],
    ['a count', 'a,b\n1,2\n(1 rows)\n', ['(1 rows)\n', 1]],
    ['a count without a line end', 'a,b\n1,2\n(1 rows)', ['(1 rows)', 1]],
    ['a count below an empty line', 'a,b\r\n1,2\r\n\r\n(1 rows affected)\r\n', ['(1 rows affected)\r\n', 1]],
    ['several lines', 'a,b\n1,2\n(1 row)\n\nTime: 2.1 ms\n\n', ['(1 row)\n\nTime: 2.1 ms\n\n', 2]],
    ['Ctrl-Z in a line of its own', 'a,b\n1,2\n\x1a', ['\x1a', 1]],
    ['Ctrl-Z behind the last record', 'a,b\n1,2\x1a', ['\x1a', 0]],
    ['several Ctrl-Z, and a line end', 'a,b\n1,2\n\x1a\x1a\r\n', ['\x1a\x1a\r\n', 1]],
    ['a count, then Ctrl-Z', 'a,b\n1,2\n(1 rows)\n\x1a', ['(1 rows)\n\x1a', 2]],
    ['white space', 'a,b\n1,2\n  \n\t\n', ['  \n\t\n', 2]],
    ['lines that end in CR', 'a,b\r1,2\r(1 rows)\r', ['(1 rows)\r', 1]],
    ['what reads as a record', 'a,b\n1,2\n(1 rows),\n', null],
    ['what stands before the end', 'a,b\n(1 rows)\n1,2\n', null],
  ] as const)('%s', (_name, text, footer) => expect(footerOf(text)).toEqual(footer));

  test.each([
    ['a count', 'a\n1\n(1 rows)\n', ['(1 rows)\n', 1]],
    ['an empty line that is a record stays', 'a\n1\n\n(2 rows)\n', ['(2 rows)\n', 1]],
    [
      'an empty line that belongs to the footer does not',
      'a\n1\n\n(1 rows affected)\n',
      ['\n(1 rows affected)\n', 2],
    ],
    ['empty lines below', 'a\n1\n(1 rows)\n\n', ['(1 rows)\n\n', 2]],
    ['empty lines alone are records', 'a\n1\n\n\n', null],
  ] as const)('in a table of one column: %s', (_name, text, footer) =>
    expect(footerOf(text, NUMBERS)).toEqual(footer),
  );

  test.each([
    ['one line', 1, 'a,b\n1,2\nTotal,2\n', ['Total,2\n', 1]],
    [
      'two, with blank ones',
      2,
      'a,b\n1,2\n\nTotal,2\n\nprinted today\n\n',
      ['Total,2\n\nprinted today\n\n', 2],
    ],
    ['one, and Ctrl-Z', 1, 'a,b\n1,2\nTotal,2\n\x1a', ['Total,2\n\x1a', 2]],
    ['one with Ctrl-Z behind it', 1, 'a,b\n1,2\nTotal,2\x1a', ['Total,2\x1a', 1]],
    ['none: what is known is data', 0, 'a,b\n1,2\n(1 rows)\n', null],
    ['none: Ctrl-Z is no data', 0, 'a,b\n1,2\x1a', ['\x1a', 0]],
  ] as const)('declared: %s', (_name, declared, text, footer) =>
    expect(footerOf(text, { ...WIDE, declared })).toEqual(footer),
  );

  test('a line whose start is not seen is data', () => {
    expect(footerOf('(1 rows)\n', { ...WIDE, whole: false })).toBeNull();
    expect(footerOf('x\n(1 rows)\n', { ...WIDE, whole: false })).toEqual(['(1 rows)\n', 1]);
  });
});

describe('FooterSource', () => {
  const { whole: _, ...options } = WIDE;

  test('gives every byte but the footer, whatever is asked for at a time', async () => {
    const body = fc.string({
      unit: fc.constantFrom('a', ',', '\n', '1', 'é', '\x1a', '(2 rows)'),
      maxLength: 40,
    });
    const tail = fc.constantFrom('', '\n(2 rows)\n', '\n\x1a', '\x1a', '\n \n', '\n(1 row)\n\n\n');
    await fc.assert(
      fc.asyncProperty(
        body,
        fc.nat(3),
        tail,
        fc.integer({ min: 1, max: 9000 }),
        async (text, times, end, size) => {
          const bytes = Buffer.from(text.repeat(10 ** times) + end);
          const source = new FooterSource(new MemorySource(bytes), 'utf-8', options);
          const parts: Buffer[] = [];
          for (;;) {
            const target = Buffer.alloc(size + 3);
            const got = await source.read(target, 3);
            if (got === 0) break;
            parts.push(target.subarray(3, 3 + got));
          }
          const expected = withoutFooter(bytes, options, 'utf-8');
          expect(Buffer.concat(parts).equals(expected?.bytes ?? bytes)).toBe(true);
          expect(source.lines).toBe(expected?.footer.lines ?? 0);
          expect(source.text).toBe(expected === null ? null : bytes.toString('utf8', expected.bytes.length));
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each(['utf16le', 'latin1'] as const)('a sample in %s', (encoding) => {
    const bytes = Buffer.from('a,b\n1,é\n(1 lignes affectées)\n', encoding);
    const found = withoutFooter(bytes, options);
    expect(found?.bytes.toString(encoding)).toBe('a,b\n1,é\n');
  });
});
