import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactEnd } from '../../../src/pipelines/copy/exact-forms.ts';
import { fitsType, INFERRED_TYPES } from '../../../src/pipelines/inference/infer-types.ts';

const digits = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength });

const number = fc
  .tuple(fc.constantFrom('', '-', '+', '0'), digits(0, 20), fc.constantFrom('', '.', '.5', '.00', 'e5'))
  .map((parts) => parts.join(''));

const usualDay = fc.constantFrom('2024-02-29', '2023-12-31', '1999-01-01');

const oddDay = fc
  .tuple(
    fc.constantFrom('0000', '0001', '1900', '2000', '2023', '2024', '9999', '20a4'),
    fc.constantFrom('00', '01', '02', '04', '12', '13'),
    fc.constantFrom('00', '01', '28', '29', '30', '31', '32'),
  )
  .map((parts) => parts.join('-'));

const day = fc.oneof(usualDay, oddDay);

/** One part of a time is odd at most, so that it decides. */
const time = fc.oneof(
  fc.constantFrom('', 'T12:30', ' 12:30:59', ' 00:00:00.5', ' 23:59Z', 'T23:59:59.123456+02', ' 09:00-05:30'),
  fc.tuple(fc.constantFrom(...'0123456789'), fc.constantFrom(...'0123459')).map(([a, b]) => ` ${a}${b}:00`),
  fc.tuple(fc.constantFrom(...'0123456789'), fc.constantFrom(...'0159')).map(([a, b]) => ` 12:${a}${b}`),
  fc.tuple(fc.constantFrom(...'0123456789'), fc.constantFrom(...'0159')).map(([a, b]) => ` 12:00:${a}${b}`),
  fc.constantFrom(
    'T',
    ' ',
    't12:30',
    ' 1:30',
    ' 12:00:00.',
    ' 12:00:00.1234567',
    ' 12:00+15:59',
    ' 12:00+16',
    ' 12:00+1',
  ),
);

const uuid = fc
  .tuple(fc.uuid(), fc.boolean(), fc.constantFrom('', 'g', '-'), fc.nat(35))
  .map(([id, upper, odd, at]) => {
    const cased = upper ? id.toUpperCase() : id;
    return odd === '' ? cased : cased.slice(0, at) + odd + cased.slice(at + 1);
  });

const word = fc.constantFrom('t', 'f', 'T', 'true', 'TRUE', 'false', 'tru', 'trux', 'falsy', 'yes', '', ' ');

const value = fc.oneof(
  number,
  day,
  fc.tuple(usualDay, time).map((parts) => parts.join('')),
  fc.tuple(oddDay, fc.constantFrom(' 12:30', ' 12:30Z')).map((parts) => parts.join('')),
  uuid,
  word,
  digits(60, 70).map((fraction) => `1.${fraction}`),
  fc.constantFrom(`0.${'1'.repeat(16_383)}`, `0.${'1'.repeat(16_384)}`, '9223372036854775808', '-0.0', '-0'),
);

describe.each(INFERRED_TYPES.filter((type) => type !== 'text'))('the exact end of a %s', (type) => {
  const end = exactEnd(type);

  test('is where a value that fits ends, and none that does not', () => {
    fc.assert(
      fc.property(value, fc.constantFrom('', ',', '\n', '"'), (text, behind) => {
        const bytes = Buffer.from(`;${text}${behind}7`);
        const found = end?.(bytes, 1) === 1 + text.length;
        // A value of another length may begin like one that fits: then what follows is no end of a field.
        if (behind !== '') expect(found).toBe(text !== '' && fitsType(type, text));
      }),
      { numRuns: 3_000 },
    );
  });
});

test('any text fits text', () => {
  expect(exactEnd('text')).toBeNull();
});
