import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Block } from '../../../src/formats/delimited/block-reader.ts';
import type { Dialect } from '../../../src/formats/delimited/dialect.ts';
import { RecordParser } from '../../../src/formats/delimited/parse-record.ts';
import { type FieldCheck, QuickLook } from '../../../src/formats/delimited/quick-look.ts';
import { recordsOf } from '../../../src/formats/delimited/records.ts';
import { compileRules } from '../../../src/formats/delimited/scan.ts';
import { USUAL } from './dialect-cases.ts';
import { anyDialect, anyEncoding, nastyText, tamePiece } from './random-texts.ts';

const isNumber: FieldCheck = (value) => /^[0-9]+$/.test(value);

function look(bytes: Buffer, dialect: Dialect, checks: readonly (FieldCheck | null)[]) {
  const block: Block = { bytes, records: 0, firstRecord: 1, firstLine: 1, hazards: 0 };
  const quick = new QuickLook(block, dialect, checks);
  return recordsOf(block, compileRules(dialect, checks.length)).map((span) => ({
    content: bytes.subarray(span.start, span.contentEnd),
    isFine: quick.isFine(span),
  }));
}

const suited = fc
  .record({ dialect: anyDialect, encoding: anyEncoding, nullMarker: fc.constantFrom('', 'a', '77', '\\N') })
  .map(({ dialect, ...rest }) => ({ ...dialect, ...rest }))
  .filter(QuickLook.suits);

const anyBlock = suited.chain((dialect) => {
  const check = fc.constantFrom(null, isNumber);
  const field = fc.oneof(tamePiece(dialect), fc.constantFrom('7', '77', '', 'a'));
  const line = fc
    .array(field, { minLength: 1, maxLength: 3 })
    .map((fields) => fields.join(dialect.delimiter) + dialect.newline);
  return fc.record({
    dialect: fc.constant(dialect),
    checks: fc.array(check, { minLength: 1, maxLength: 3 }),
    text: fc.array(fc.oneof(line, nastyText(dialect, 8)), { maxLength: 8 }).map((parts) => parts.join('')),
  });
});

describe('QuickLook', () => {
  test('calls no record fine that has a fault, too few or too many fields, or a value in doubt', () => {
    let fine = 0;
    fc.assert(
      fc.property(anyBlock, ({ dialect, checks, text }) => {
        const parser = new RecordParser(dialect);
        for (const { content, isFine } of look(Buffer.from(text, 'latin1'), dialect, checks)) {
          if (!isFine) continue;
          fine++;
          const { fields, fault } = parser.parse(content);
          expect(fault).toBeNull();
          expect(fields).toHaveLength(checks.length);
          for (const [at, check] of checks.entries()) {
            const { value, quoted } = fields?.[at] ?? { value: '', quoted: false };
            const isNull = !quoted && value === dialect.nullMarker;
            expect(check === null || isNull || check(value)).toBe(true);
          }
        }
      }),
      { numRuns: 2000 },
    );
    expect(fine).toBeGreaterThan(500);
  });

  test('calls everyday records fine, so that they need not be read', () => {
    const text = '1,"a ""b"", c\nd"\n2,é\n3,\n,x\n';
    const found = look(Buffer.from(text), USUAL, [isNumber, null]);
    expect(found.map(({ isFine }) => isFine)).toEqual([true, true, true, true]);
  });

  test.each<[string, string | Buffer, Partial<Dialect>]>([
    ['a stray quote', '1,a"b\n', {}],
    ['text behind a closing quote', '1,"a"b\n', {}],
    ['a value in doubt', 'x,a\n', {}],
    ['an empty value in quotes', '"",a\n', {}],
    ['too few fields', '1\n', {}],
    ['too many fields', '1,2,3\n', {}],
    ['a delimiter too many at the end', '1,2,\n', {}],
    ['a NUL byte', '1,\0\n', {}],
    ['a carriage return', '1,a\rb\n', {}],
    ['a line feed in a file of CR', '1,a\nb\r', { newline: '\r' }],
    ['a bad byte', Buffer.from([0x31, 0x2c, 0xff, 0x0a]), {}],
    ['a byte that may be no character', Buffer.from([0x31, 0x2c, 0x81, 0x0a]), { encoding: 'windows-1252' }],
    ['an open quote at the end', '1,"2', {}],
    ['the byte that stands in for a quote', '1,\x01\n', { quote: null, escape: null }],
  ])('is not certain of %s', (_name, text, dialect) => {
    const found = look(Buffer.from(text as string), { ...USUAL, ...dialect }, [isNumber, null]);
    expect(found.map(({ isFine }) => isFine)).toEqual([false]);
  });

  test('finds its way back after records it is not certain of', () => {
    const text = '1,a"b\n2,ok\n3,"x"y\n\n4,"o,k"\n5,\0\n6,ok\n';
    const found = look(Buffer.from(text), USUAL, [isNumber, null]);
    expect(found.map(({ isFine }) => isFine)).toEqual([false, true, false, true, false, true]);
  });

  test('does not search the block for each record anew, in one column either', () => {
    const records = 300_000;
    const bytes = Buffer.from('value\n'.repeat(records));
    const block: Block = { bytes, records, firstRecord: 1, firstLine: 1, hazards: 0 };
    const spans = recordsOf(block, compileRules(USUAL, 1));
    const quick = new QuickLook(block, USUAL, [null]);
    const before = performance.now();
    expect(spans.every((span) => quick.isFine(span))).toBe(true);
    // A tenth of a second; half a minute if each record searched what is left.
    expect(performance.now() - before).toBeLessThan(8000);
  });
});
