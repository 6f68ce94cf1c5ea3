import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dialect } from '../../../src/formats/delimited/dialect.ts';
import { finderFor } from '../../../src/formats/delimited/finder.ts';
import { compileRules, scanRecords } from '../../../src/formats/delimited/scan.ts';
import { USUAL } from './dialect-cases.ts';
import { anyDialect, nastyText } from './random-texts.ts';

/** Fewer records than this are always looked for byte by byte. */
const FEW = 99;

/** A long record with hardly a special byte in it, which is what makes searching worth while. */
function plainStart(dialect: Dialect, bytes: number): string {
  return `${'lorem ipsum '.repeat(Math.ceil(bytes / 12)).slice(0, bytes)}${dialect.newline}`;
}

function scans(text: string, dialect: Dialect, columnCount: number, eof: boolean) {
  const bytes = Buffer.from(text, 'latin1');
  const rules = compileRules(dialect, columnCount);
  const scanned = (maxRecords: number | undefined) => {
    const found: (number | boolean)[] = [];
    const onRecord = (...place: (number | boolean)[]) => void found.push(...place);
    const scan = scanRecords(bytes, 0, bytes.length, rules, {
      eof,
      onRecord,
      ...(maxRecords !== undefined && { maxRecords }),
    });
    return { ...scan, found };
  };
  const range = { bytes, start: 0, stop: bytes.length, rules };
  return {
    searched: scanned(undefined),
    walked: scanned(FEW),
    isSparse: finderFor({ ...range, fewRecords: false }).sparse,
    isSparseForFew: finderFor({ ...range, fewRecords: true }).sparse,
  };
}

describe('a scan by searching and one byte by byte', () => {
  test('find the same records, lines and hazards', () => {
    const searchable = anyDialect.filter(({ quote, escape: escapeWith }) => escapeWith === quote);
    const anyCase = searchable.chain((dialect) =>
      fc.record({
        dialect: fc.constant(dialect),
        text: nastyText(dialect, 80),
        columnCount: fc.constantFrom(1, 3),
        eof: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(anyCase, ({ dialect, text, columnCount, eof }) => {
        const { searched, walked, isSparse, isSparseForFew } = scans(
          plainStart(dialect, 9000) + text,
          dialect,
          columnCount,
          eof,
        );
        expect([isSparse, isSparseForFew]).toEqual([true, false]);
        expect(searched).toEqual(walked);
      }),
      { numRuns: 1500 },
    );
  });

  test('agree about quoted fields that run over thousands of lines', () => {
    const text = `${plainStart(USUAL, 9000)}1,"${'line\r\n'.repeat(3000)}""\0",2\n3,4,5\n`;
    const { searched, walked } = scans(text, USUAL, 3, true);
    expect(searched).toEqual(walked);
    expect(searched).toMatchObject({ records: 3, lines: 3003, hazards: 2 });
  });
});

describe('a finder', () => {
  const rulesOf = (dialect: Partial<Dialect>) => compileRules({ ...USUAL, ...dialect }, 3);
  const sparse = (text: string, dialect: Partial<Dialect> = {}) => {
    const bytes = Buffer.from(text);
    return finderFor({ bytes, start: 0, stop: bytes.length, rules: rulesOf(dialect), fewRecords: false })
      .sparse;
  };

  test('walks where special bytes are dense or the range is short', () => {
    expect(sparse('1,2\n'.repeat(10_000))).toBe(false);
    expect(sparse('a'.repeat(8000))).toBe(false);
    expect(sparse(`${'a'.repeat(99)}\n`.repeat(1000))).toBe(true);
  });

  test('walks where a backslash may hide the next byte', () => {
    expect(sparse(`${'a'.repeat(99)}\n`.repeat(1000), { escape: '\\' })).toBe(false);
    expect(sparse(`${'a'.repeat(99)}\n`.repeat(1000), { quote: null, escape: '\\' })).toBe(false);
  });
});
