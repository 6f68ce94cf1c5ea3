import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ColumnEvidence,
  fitsType,
  INFERRED_TYPES,
  inferType,
  NO_VALUES,
  widenFor,
} from '../../../src/pipelines/inference/infer-types.ts';

const NULL = { value: '', quoted: false };

/** The evidence of one column, all fields unquoted. */
function observed(values: readonly string[]): ColumnEvidence {
  const evidence = new ColumnEvidence();
  for (const value of values) evidence.observe({ value, quoted: false }, '');
  return evidence;
}

describe('a column', () => {
  for (const [name, values, type, why] of [
    ['of whole numbers', ['16780096', '-3', '12'], 'bigint', '3 whole numbers, largest 16,780,096'],
    ['of decimals', ['1.5', '2.25'], 'numeric', '2 numbers, up to 2 decimals'],
    ['of whole numbers and decimals', ['1', '2.5', '3'], 'numeric', '3 numbers, up to 1 decimal'],
    ['of truth values', ['true', 'F', 'T'], 'boolean', '3 values of true or false'],
    ['of zeros and ones', ['0', '1'], 'bigint', '2 whole numbers, largest 1'],
    ['of dates', ['2024-03-01', '2024-01-02'], 'date', '2 dates, 2024-01-02 to 2024-03-01'],
    [
      'of dates and timestamps',
      ['2024-03-01', '2024-01-02 10:00'],
      'timestamp',
      '2 timestamps without a zone, 2024-01-02 10:00 to 2024-03-01',
    ],
    ['of instants', ['2024-03-01T00:00Z'], 'timestamptz', '1 timestamp with a zone, 2024-03-01T00:00Z'],
    [
      'of timestamps with and without zone',
      ['2024-03-01T00:00Z', '2024-03-01T00:00'],
      'text',
      "1 timestamp with a zone, but record 2 has '2024-03-01T00:00'",
    ],
    ['of identifiers', ['12e1bc76-5667-0b14-1509-bb0a9bf13331'], 'uuid', '1 UUID'],
    ['of words', ['owner', 'ceo'], 'text', "record 1 has 'owner'"],
    ['of numbers and a word', ['1', '', '2', 'n/a', '3'], 'text', "2 whole numbers, but record 4 has 'n/a'"],
    ['with leading zeros', ['1', '00123'], 'text', "leading zeros as in '00123'"],
    ['with plus signs', ['+4930123'], 'text', "a plus sign as in '+4930123'"],
    ['with padded numbers', ['1', ' 2'], 'text', "spaces around a number as in ' 2'"],
    [
      'with long digits',
      ['12345678901234567890'],
      'text',
      "more digits than a bigint holds, as in '12345678901234567890'",
    ],
    ['with a negative zero', ['-0'], 'text', "a negative zero as in '-0'"],
    ['with control characters', ['a\nb\t'], 'text', "record 1 has 'a\\nb\\t'"],
    ['with long text', ['😀'.repeat(50)], 'text', `record 1 has '${'😀'.repeat(40)}…'`],
    ['of nothing but NULL', ['', ''], 'text', NO_VALUES],
    ['without a record', [], 'text', NO_VALUES],
  ] as const) {
    test(name, () => expect(inferType(observed(values))).toEqual({ type, why }));
  }

  test('with a quoted empty value is text', () => {
    const evidence = observed(['1']);
    evidence.observe({ value: '', quoted: true }, '');
    expect(inferType(evidence)).toEqual({
      type: 'text',
      why: 'record 2 has an empty value in quotes, which is not NULL',
    });
  });

  test('of quoted numbers is a number', () => {
    const evidence = new ColumnEvidence();
    evidence.observe({ value: '12', quoted: true }, '');
    expect(inferType(evidence).type).toBe('bigint');
  });

  test('takes the marker for NULL only where it is not quoted', () => {
    const evidence = new ColumnEvidence();
    evidence.observe({ value: 'NULL', quoted: false }, 'NULL');
    evidence.observe({ value: '5', quoted: false }, 'NULL');
    expect(inferType(evidence).type).toBe('bigint');
    evidence.observe({ value: 'NULL', quoted: true }, 'NULL');
    expect(inferType(evidence).type).toBe('text');
  });

  test('says which record when it is told', () => {
    const evidence = new ColumnEvidence();
    evidence.observe({ value: '5', quoted: false }, '', 10);
    evidence.observe({ value: 'x', quoted: false }, '', 1700);
    expect(inferType(evidence).why).toBe("1 whole number, but record 1700 has 'x'");
  });

  const value = fc.constantFrom(
    '',
    '1',
    '-7',
    '2.5',
    '9223372036854775807',
    '2024-01-01',
    '2024-01-01 10:00',
    '2024-01-01T10:00Z',
    't',
    'x',
    '007',
  );

  test('holds every value it was inferred from, in whatever order', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 6 }), (values) => {
        const { type } = inferType(observed(values));
        for (const one of values) if (one !== '') expect(fitsType(type, one)).toBe(true);
        expect(inferType(observed(values.toReversed())).type).toBe(type);
      }),
    );
  });
});

describe('widening', () => {
  test('keeps a type that holds the values', () => {
    expect(widenFor('numeric', ['1', '2.5'])).toBe('numeric');
    expect(widenFor('timestamp', ['2024-01-01'])).toBe('timestamp');
  });
  test('goes no further than needed', () => {
    expect(widenFor('bigint', ['1', '2.5'])).toBe('numeric');
    expect(widenFor('date', ['2024-01-01 10:00'])).toBe('timestamp');
  });
  test('ends at text', () => {
    expect(widenFor('bigint', ['12345678901234567890'])).toBe('text');
    expect(widenFor('boolean', ['1'])).toBe('text');
  });
  test('gives a type that holds the values', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...INFERRED_TYPES),
        fc.array(fc.constantFrom('1', '2.5', '2024-01-01', 'x', 't')),
        (type, values) => {
          const widened = widenFor(type, values);
          for (const value of values) expect(fitsType(widened, value)).toBe(true);
        },
      ),
    );
  });
});

test('a NULL is not counted as a value', () => {
  const evidence = new ColumnEvidence();
  evidence.observe(NULL, '');
  expect(evidence.filled).toBe(0);
});
