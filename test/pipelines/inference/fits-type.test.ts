import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { typeOf } from '../../../src/pipelines/inference/fits-type.ts';
import {
  fitsType,
  INFERRED_TYPES,
  type InferredType,
  joinTypes,
} from '../../../src/pipelines/inference/infer-types.ts';
import { createTestDatabase, type TestDatabase } from '../../database.ts';

const OF_TYPE: Readonly<Record<InferredType, readonly string[]>> = {
  bigint: ['0', '7', '-1', '9223372036854775807', '-9223372036854775808', '1000000000000000000'],
  numeric: ['0.0', '1.50', '-0.5', '123456789012345678.000000000000000000001', `1.${'0'.repeat(16_383)}`],
  boolean: ['true', 'FALSE', 't', 'F'],
  date: ['2024-02-29', '0001-01-01', '9999-12-31', '2000-02-29'],
  timestamp: ['2024-01-31T23:59', '2024-01-31 00:00:00', '0001-01-01 12:00:00.123456'],
  timestamptz: [
    '2024-01-31T23:59Z',
    '2024-01-31 00:00:00+02',
    '2024-01-31 00:00:00.5-05:30',
    '2024-01-31 00:00:00+15:59',
  ],
  uuid: ['12e1bc76-5667-0b14-1509-bb0a9bf13331', '12E1BC76-5667-0B14-1509-BB0A9BF13331'],
  text: [
    ...[
      '',
      ' ',
      'a',
      '+1',
      '00123',
      '-0',
      '-0.00',
      '007.5',
      ' 12',
      '12 ',
      '1e5',
      '.5',
      '5.',
      '1,5',
      '1_000',
      '--1',
      '-',
    ],
    ...['9223372036854775808', '-9223372036854775809', '1234567890123456789.5', `1.${'0'.repeat(16_384)}`],
    ...['NaN', 'Infinity', '0x1F', '٣', 'yes', 'no', 'on', '+49 30 123456', '030-123456', '(555) 123'],
    ...[
      '2023-02-29',
      '1900-02-29',
      '0000-01-01',
      '2024-13-01',
      '2024-00-10',
      '2024-01-00',
      '24-01-01',
      '01/02/2024',
    ],
    ...['2024-1-1', '2024-01-01 24:00', '2024-01-01 23:60', '2024-01-01 23:59:60', '2024-01-01 1:00'],
    ...[
      '2024-01-01T10:00:00.1234567',
      '2024-01-01 10',
      '2024-01-01  10:00',
      '2024-01-01t10:00',
      '2024-01-01 10:00 Z',
    ],
    ...[
      '2024-01-01 10:00+16',
      '2024-01-01 10:00+0530',
      '2024-01-01 10:00+1',
      '2024-01-01 10:00z',
      '12:30',
      'now',
      'today',
    ],
    ...['{12e1bc76-5667-0b14-1509-bb0a9bf13331}', '12e1bc765667-0b14-1509-bb0a9bf13331', 'infinity', 'epoch'],
  ],
};

describe('a value', () => {
  for (const type of INFERRED_TYPES) {
    test(`that is ${type}`, () => {
      for (const value of OF_TYPE[type]) expect([value, typeOf(value)]).toEqual([value, type]);
    });
  }
  test('with a NUL fits no type', () => {
    for (const type of INFERRED_TYPES) expect(fitsType(type, '1\0')).toBe(false);
  });
});

const two = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, '0'));
const year = fc.oneof(
  fc.constantFrom('0000', '0001', '1900', '2000', '9999'),
  fc.integer({ min: 1, max: 9999 }).map((n) => String(n).padStart(4, '0')),
);
const date = fc.tuple(year, two(13), two(32)).map((parts) => parts.join('-'));
const fraction = fc.stringMatching(/^(\.\d{1,7})?$/);
const clock = fc.oneof(
  fc.tuple(two(24), two(60)).map((parts) => parts.join(':')),
  fc.tuple(two(24), two(60), two(60), fraction).map(([h, m, s, f]) => `${h}:${m}:${s}${f}`),
);
const zone = fc.oneof(
  fc.constantFrom('', 'Z'),
  fc
    .tuple(
      fc.constantFrom('+', '-'),
      two(16),
      fc.oneof(
        fc.constant(''),
        two(60).map((m) => `:${m}`),
      ),
    )
    .map((p) => p.join('')),
);
const anyValue = fc.oneof(
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  fc.stringMatching(/^-?\d{1,20}(\.\d{1,30})?$/),
  fc.string({ unit: fc.constantFrom('0', '1', '9', '-', '.', 't', 'e', 'f', 'T', ' '), maxLength: 8 }),
  date,
  fc.tuple(date, fc.constantFrom(' ', 'T'), clock, zone).map((parts) => parts.join('')),
  fc.uuid(),
  fc.constantFrom('TRUE', 'f', 'False', 'yes'),
);

describe('Postgres', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase('empty');
  });
  afterAll(() => database.drop());

  /** Fails with Postgres's own message when one value is refused. */
  async function cast(type: InferredType, values: readonly string[], dateStyle: string): Promise<string[]> {
    const client = await database.pool.connect();
    try {
      await client.query(`set datestyle to ${dateStyle}`);
      await client.query(`set timezone to 'America/St_Johns'`);
      const { rows } = await client.query<{ value: string }>(
        `select (v::${type})::text as value from unnest($1::text[]) with ordinality as given(v, at) order by at`,
        [values],
      );
      return rows.map((row) => row.value);
    } finally {
      client.release(true);
    }
  }

  test('accepts every value that fits, for every type, whatever the date style', async () => {
    const values = [...fc.sample(anyValue, 6_000), ...Object.values(OF_TYPE).flat()];
    for (const type of INFERRED_TYPES) {
      const fitting = values.filter((value) => fitsType(type, value));
      expect(fitting.length).toBeGreaterThan(4);
      for (const style of ['iso, mdy', 'sql, dmy', 'german']) {
        expect(await cast(type, fitting, style)).toHaveLength(fitting.length);
      }
    }
  });

  test('gives back the very text of numbers, dates and identifiers', async () => {
    const values = [...fc.sample(anyValue, 5_000), ...Object.values(OF_TYPE).flat()];
    for (const type of ['bigint', 'numeric', 'date', 'uuid', 'text'] as const) {
      const fitting = values.filter((value) => fitsType(type, value));
      const expected = type === 'uuid' ? fitting.map((value) => value.toLowerCase()) : fitting;
      expect(await cast(type, fitting, 'iso')).toEqual(expected);
    }
  });

  test('gives back a timestamp to the microsecond', async () => {
    const values = fc.sample(anyValue, 5_000).filter((value) => fitsType('timestamp', value));
    const back = await cast('timestamp', values, 'iso');
    const full = (value: string) => {
      const [day, time = '00:00'] = value.split(/[T ]/);
      const seconds = time.length === 5 ? `${time}:00` : time;
      return `${day} ${seconds.includes('.') ? seconds.replace(/\.?0+$/, '') : seconds}`;
    };
    expect(back).toEqual(values.map(full));
  });
});

describe('joined types', () => {
  test('hold what both hold', () => {
    const pair = fc.constantFrom(...INFERRED_TYPES);
    fc.assert(
      fc.property(pair, pair, (a, b) => {
        const joined = joinTypes(a, b);
        for (const value of [...OF_TYPE[a], ...OF_TYPE[b]])
          expect([joined, value, fitsType(joined, value)]).toEqual([joined, value, true]);
      }),
    );
  });
  test('do not depend on the order', () => {
    for (const a of INFERRED_TYPES)
      for (const b of INFERRED_TYPES) expect(joinTypes(a, b)).toBe(joinTypes(b, a));
  });
  for (const [a, b, joined] of [
    ['bigint', 'numeric', 'numeric'],
    ['date', 'timestamp', 'timestamp'],
    ['timestamp', 'timestamptz', 'text'],
    ['date', 'timestamptz', 'text'],
    ['bigint', 'boolean', 'text'],
    ['uuid', 'text', 'text'],
  ] as const) {
    test(`${a} and ${b} are ${joined}`, () => expect(joinTypes(a, b)).toBe(joined));
  }
});
