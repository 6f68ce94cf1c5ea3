import fc from 'fast-check';
import type { Pool } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { formEnd, KIND } from '../../../src/pipelines/copy/canonical-forms.ts';
import { quickCheck } from '../../../src/pipelines/copy/quick-checks.ts';
import { fitsType, type InferredType } from '../../../src/pipelines/inference/infer-types.ts';

function isCanonical(kind: number, bytes: Buffer, from: number, to: number): boolean {
  return formEnd(kind, bytes, from) === to;
}

const digits = fc.string({ unit: fc.constantFrom(...'0019'), minLength: 0, maxLength: 6 });
const edge = fc
  .tuple(
    fc.constantFrom(32767n, 2147483647n, 9223372036854775807n, 999n, 99999n, 10n ** 18n),
    fc.integer({ min: -2, max: 2 }),
    fc.constantFrom('', '-', '+', ' ', '0'),
  )
  .map(([number, by, before]) => `${before}${number + BigInt(by)}`);
const decimal = fc
  .tuple(
    fc.constantFrom('', '-', '+', '-0', '0'),
    digits,
    fc.constantFrom('', '.', '.5', '.995', '.000', 'e3'),
    digits,
  )
  .map((parts) => parts.join(''));
const number = fc.oneof(
  edge,
  decimal,
  fc.constantFrom('NaN', 'Infinity', '-Infinity', '0x1F', '1_000', '', '-'),
);

const twoDigits = fc.oneof(
  fc.integer({ min: 0, max: 13 }).map((n) => String(n).padStart(2, '0')),
  fc.constantFrom('23', '24', '28', '29', '30', '31', '59', '60', '61', '1'),
);
const year = fc.constantFrom('0000', '0001', '0099', '1900', '2000', '2023', '2024', '9999', '10000', '24');
const day = fc.tuple(year, twoDigits, twoDigits).map((parts) => parts.join('-'));
const clock = fc
  .tuple(
    fc.constantFrom(' ', 'T', 't', '  '),
    twoDigits,
    fc.constantFrom(':', ''),
    twoDigits,
    fc.oneof(
      fc.constant(''),
      twoDigits.map((seconds) => `:${seconds}`),
    ),
    fc.constantFrom('', '.', '.5', '.123456', '.1234567', '.999999'),
  )
  .map((parts) => parts.join(''));
const zone = fc.constantFrom(
  '',
  'Z',
  'z',
  '+00',
  '+15:59',
  '+16',
  '-15',
  '+5',
  ' UTC',
  '+05:60',
  '+05:30:15',
  '-00:00',
);
const moment = fc.oneof(
  day,
  fc.tuple(day, clock, zone).map((parts) => parts.join('')),
  fc.constantFrom(
    'today',
    'now',
    'epoch',
    'infinity',
    '20240101',
    'Jan 5 2024',
    '2024-01-05 BC',
    '2024-01-05 AD',
  ),
);

const truth = fc.constantFrom(
  ...[
    't',
    'f',
    'T',
    'tr',
    'tru',
    'true',
    'TRUE',
    'fals',
    'false',
    'yes',
    'no',
    'on',
    'off',
    '1',
    '0',
    ' t',
    'tree',
    'fully',
  ],
);
const someUuid = fc
  .tuple(
    fc.uuid(),
    fc.constantFrom('', ' ', '{', 'X'),
    fc.constantFrom('same', 'upper', 'bare', 'cut', 'moved'),
  )
  .map(([uuid, before, change]) => {
    if (change === 'upper') return before + uuid.toUpperCase();
    if (change === 'bare') return uuid.replaceAll('-', '');
    if (change === 'cut') return uuid.slice(1);
    return change === 'moved' ? uuid.replace('-', '0').replace(/.$/, '-') : before + uuid;
  });
const text = fc.string({
  unit: fc.constantFrom('a', 'é', '€', '😀', '\u0301', ' ', '\n', '"'),
  maxLength: 12,
});

const TYPES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  text,
  varchar: text,
  'varchar(5)': text,
  'character varying (1)': text,
  bigint: number,
  int: number,
  int4: number,
  smallint: number,
  int2: number,
  numeric: number,
  decimal: number,
  'numeric(5)': number,
  'numeric(5,2)': number,
  'numeric(3,3)': number,
  'numeric(2,4)': number,
  'numeric(20, 1)': number,
  boolean: truth,
  bool: truth,
  date: moment,
  timestamp: moment,
  'timestamp(0)': moment,
  timestamptz: moment,
  'timestamp with time zone': moment,
  uuid: someUuid,
};

/** Checks by our own code are held against the server: what they call certain it must take. */
export function describeChecks(connect: () => Pool, samples: number): void {
  beforeAll(async () => {
    await connect().query(`CREATE FUNCTION takes(value text, type text) RETURNS boolean LANGUAGE plpgsql AS $$
      BEGIN EXECUTE format('SELECT %L::%s', value, type); RETURN true; EXCEPTION WHEN data_exception THEN RETURN false; END $$`);
  });

  describe('quickCheck', () => {
    test.each(Object.entries(TYPES))('%s: what is certain, Postgres takes', async (type, values) => {
      const check = quickCheck(type);
      const certain = fc.sample(values, samples).filter((value) => check(value));
      await expect(storeAll(connect(), type, certain)).resolves.toBe(certain.length);
    });

    test.each(['json', 'integer[]', 'char(3)', 'time', 'no such type', 'varchar(x)', 'numeric(3,-2)'])(
      '%s: nothing is certain',
      (type) => {
        const check = quickCheck(type);
        expect(['1', '', 'a', '{}'].some(check)).toBe(false);
      },
    );

    test('is certain of what files are full of', () => {
      const sure: [string, string][] = [
        ['bigint', '-42'],
        ['integer', '2147483647'],
        ['smallint', '-32767'],
        ['numeric(12,2)', '-1234567.89'],
        ['date', '2024-02-29'],
        ['timestamp', '2024-01-01 10:11:12.5'],
        ['timestamptz', '2024-01-01T10:11:12Z'],
        ['boolean', 'True'],
        ['varchar(3)', 'abc'],
      ];
      for (const [type, value] of sure)
        expect([type, value, quickCheck(type)(value)]).toEqual([type, value, true]);
    });
  });

  describe('isCanonical', () => {
    // So many that some of them fit, whatever the type.
    const ENOUGH = 5000;
    const kinds = Object.entries(KIND).filter(([type]) => type !== 'text');
    const valuesOf = (type: string) => TYPES[type] as fc.Arbitrary<string>;

    test.each(kinds)(
      '%s: what looks canonical and Postgres takes, is stored without loss',
      async (type, kind) => {
        const looked = fc.sample(valuesOf(type), samples).filter((value) => {
          const bytes = Buffer.from(value);
          return value !== '' && isCanonical(kind, bytes, 0, bytes.length);
        });
        const { rows } = await connect().query<{ value: string }>(
          'SELECT value FROM unnest($1::text[]) AS value WHERE takes(value, $2)',
          [looked, type],
        );
        expect(
          rows.map(({ value }) => value).filter((value) => !fitsType(type as InferredType, value)),
        ).toEqual([]);
      },
    );

    test.each(kinds)('%s: whatever fits, looks canonical', (type, kind) => {
      const fitting = fc
        .sample(valuesOf(type), ENOUGH)
        .filter((value) => fitsType(type as InferredType, value));
      expect(fitting.length).toBeGreaterThan(0);
      const odd = fitting.filter(
        (value) => !isCanonical(kind, Buffer.from(`x${value};`), 1, value.length + 1),
      );
      expect(odd).toEqual([]);
    });
  });
}

/** Puts the values into a column of the type; throws when it refuses one. */
async function storeAll(pool: Pool, type: string, values: readonly string[]): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query(`CREATE TEMP TABLE certain (v ${type})`);
    // As COPY does, every value goes through the type's own reading of text.
    const literals = values.map((value) => `(${client.escapeLiteral(value)})`);
    if (literals.length > 0) await client.query(`INSERT INTO certain VALUES ${literals.join(', ')}`);
    return literals.length;
  } finally {
    await client.query('DROP TABLE IF EXISTS certain');
    client.release();
  }
}
