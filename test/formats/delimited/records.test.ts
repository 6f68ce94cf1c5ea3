import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Block } from '../../../src/formats/delimited/block-reader.ts';
import { recordsOf, subBlock } from '../../../src/formats/delimited/records.ts';
import { compileRules } from '../../../src/formats/delimited/scan.ts';
import { splitNaively } from './naive-splitter.ts';
import { anyDialect, nastyText } from './random-texts.ts';

const anyBlock = anyDialect.chain((dialect) =>
  fc
    .record({
      text: nastyText(dialect),
      columnCount: fc.constantFrom(1, 3),
      firstRecord: fc.integer({ min: 1, max: 1000 }),
      firstLine: fc.integer({ min: 1, max: 1000 }),
    })
    .map(({ text, columnCount, ...first }) => {
      const expected = splitNaively(text, dialect, columnCount).filter(({ blank }) => !blank);
      const bytes = Buffer.from(text, 'latin1');
      const block: Block = { bytes, records: expected.length, hazards: 0, ...first };
      return { block, expected, rules: compileRules(dialect, columnCount) };
    }),
);

describe('recordsOf', () => {
  test('gives each record its place, number and line, and leaves its line end out of its content', () => {
    fc.assert(
      fc.property(anyBlock, ({ block, expected, rules }) => {
        expect(recordsOf(block, rules)).toEqual(
          expected.map(({ start, end, contentEnd, linesBefore }, at) => ({
            ...{ start, end, contentEnd },
            record: block.firstRecord + at,
            line: block.firstLine + linesBefore,
          })),
        );
      }),
      { numRuns: 2000 },
    );
  });
});

describe('subBlock', () => {
  test('is a block whose records are those of the whole', () => {
    fc.assert(
      fc.property(anyBlock, fc.nat(), fc.nat(), ({ block, rules }, a, b) => {
        const spans = recordsOf(block, rules);
        const [from, to] = [a % (spans.length + 1), b % (spans.length + 1)].sort((x, y) => x - y);
        const part = subBlock(block, spans, from as number, to as number);
        const chosen = spans.slice(from, to);
        expect(part.records).toBe(chosen.length);
        const again = chosen.length === 0 ? [] : recordsOf(part, rules);
        const texts = (source: Block, of: typeof spans) =>
          of.map(({ start, end, record, line }) => [
            source.bytes.toString('latin1', start, end),
            record,
            line,
          ]);
        expect(texts(part, again)).toEqual(texts(block, chosen));
      }),
      { numRuns: 1000 },
    );
  });
});
