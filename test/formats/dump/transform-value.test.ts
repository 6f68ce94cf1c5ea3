import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { notationOf } from '../../../src/formats/dump/binary-values.ts';
import { compileTransform, RefusedValue } from '../../../src/formats/dump/transform-value.ts';
import { transformFor, type ValueTransform } from '../../../src/formats/dump/value-transform.ts';

const REFUSED = Symbol('refused');

function change(transform: Partial<ValueTransform>, value: string): unknown {
  const result = compileTransform({ name: null, blankIsNull: false, ...transform }, 'utf-8')(value);
  return result instanceof RefusedValue ? REFUSED : result;
}

describe('a value', () => {
  test.each<[Partial<ValueTransform>, string, unknown]>([
    [{ name: 'zeroDate' }, '0000-00-00', null],
    [{ name: 'zeroDate' }, '0000-00-00 00:00:00.000000', null],
    [{ name: 'zeroDate' }, '2020-00-00', '2020-00-00'],
    [{ name: 'zeroDate' }, '2020-02-03 04:05:06', '2020-02-03 04:05:06'],
    [{ name: 'boolean' }, 'True', 't'],
    [{ name: 'boolean' }, '\0', 'f'],
    [{ name: 'boolean' }, '\u0001', 't'],
    [{ name: 'boolean' }, '\\0', 'f'],
    [{ name: 'boolean' }, "b'1'", 't'],
    [{ name: 'boolean' }, '2', REFUSED],
    [{ name: 'money' }, '$1,234.50', '1234.50'],
    [{ name: 'money' }, '-$1,234.50', '-1234.50'],
    [{ name: 'money' }, '($0.10)', '-0.10'],
    [{ name: 'money' }, '1.234,50 €', '1234.50'],
    [{ name: 'money' }, "1'234'567.8", '1234567.8'],
    [{ name: 'money' }, '1 234,5', '1234.5'],
    [{ name: 'money' }, '1,234', '1234'],
    [{ name: 'money' }, '238.0881', '238.0881'],
    [{ name: 'money' }, '12,34,56', REFUSED],
    [{ name: 'money' }, 'USD 5', REFUSED],
    [{ name: 'money' }, '-(5)', REFUSED],
    [{ name: 'bits', bits: 4 }, "b'101'", '0101'],
    [{ name: 'bits', bits: 4 }, '0101', '0101'],
    [{ name: 'bits', bits: 4 }, '5', '0101'],
    [{ name: 'bits', bits: 4 }, '0x0F', '1111'],
    [{ name: 'bits', bits: 4 }, '16', REFUSED],
    [{ name: 'bits', bits: 4 }, '010', REFUSED],
    [{ name: 'bytes', written: 'hex' }, '0x00FF', '\\x00ff'],
    [{ name: 'bytes', written: 'hex' }, '\\x00ff', '\\x00ff'],
    [{ name: 'bytes', written: 'hex' }, "X'4d'", '\\x4d'],
    [{ name: 'bytes', written: 'hex' }, '', '\\x'],
    [{ name: 'bytes', written: 'hex' }, '0xF', REFUSED],
    [{ name: 'bytes', written: 'base64' }, 'AP8=', '\\x00ff'],
    [{ name: 'bytes', written: 'base64' }, 'AP8', REFUSED],
    [{ name: 'bytes', written: 'text' }, 'é', '\\xc3a9'],
    [{ name: 'set' }, 'a,b"c\\', '{"a","b\\"c\\\\"}'],
    [{ name: 'set' }, '', '{}'],
    [{ name: 'oracleDate' }, '29-JUL-20', '2020-07-29 00:00:00'],
    [{ name: 'oracleDate' }, '29-JUL-65 09.20.00.123456 PM', '1965-07-29 21:20:00.123456'],
    [{ name: 'oracleDate' }, '01-JAN-2024 12.00.00 AM +02:00', '2024-01-01 00:00:00 +02:00'],
    [{ name: 'oracleDate' }, '2020-07-29', '2020-07-29'],
    [{ name: 'oracleDate' }, '29-FOO-20', REFUSED],
    [{ blankIsNull: true }, '', null],
    [{ blankIsNull: true }, '5', '5'],
  ])('under %j, %j, becomes %j', (transform, value, expected) => {
    expect(change(transform, value)).toBe(expected);
  });

  test('that is binary survives hexadecimal digits and base64', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (array) => {
        const bytes = Buffer.from(array);
        const expected = `\\x${bytes.toString('hex')}`;
        expect(change({ name: 'bytes', written: 'hex' }, `0x${bytes.toString('hex').toUpperCase()}`)).toBe(
          expected,
        );
        expect(change({ name: 'bytes', written: 'base64' }, bytes.toString('base64'))).toBe(expected);
      }),
    );
  });

  test('that is an amount keeps its digits in every notation', () => {
    const amount = fc.record({
      whole: fc.integer({ min: 0, max: 10 ** 9 }),
      cents: fc.integer({ min: 0, max: 99 }),
    });
    fc.assert(
      fc.property(
        amount,
        fc.constantFrom([',', '.'], ['.', ','], ["'", '.'], [' ', ',']),
        ({ whole, cents }, marks) => {
          const [group = '', point = ''] = marks;
          const fraction = String(cents).padStart(2, '0');
          const grouped = String(whole).replace(/\B(?=(\d{3})+$)/g, group);
          expect(change({ name: 'money' }, `€ ${grouped}${point}${fraction}`)).toBe(`${whole}.${fraction}`);
        },
      ),
    );
  });
});

describe('the notation of binary values', () => {
  test.each([
    [['0x00', '0xFF'], 'hex'],
    [['beef', 'cafe'], 'hex'],
    [['beef', 'AP8='], 'base64'],
    [['beef', 'hello!'], 'text'],
    [[], 'hex'],
  ])('of %j is %s', (values, expected) => {
    expect(notationOf(values)).toBe(expected);
  });
});

describe('a transform', () => {
  const boolean: ValueTransform = { name: 'boolean', blankIsNull: true };
  test('is left out where the column has been declared as another type', () => {
    expect(transformFor(boolean, 'boolean')).toEqual(boolean);
    expect(transformFor(boolean, 'smallint')).toEqual({ name: null, blankIsNull: true });
    expect(transformFor(boolean, 'text')).toBeNull();
    expect(transformFor({ name: 'zeroDate', blankIsNull: true }, 'timestamptz')).not.toBeNull();
    expect(transformFor(null, 'my_enum')).toBeNull();
    expect(transformFor(null, 'integer[]')).toEqual({ name: null, blankIsNull: true });
  });
});
