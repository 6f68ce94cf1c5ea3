import fc from 'fast-check';
import type { Pool } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { formEnd, KIND } from '../../../src/pipelines/copy/canonical-forms.ts';
import { quickCheck } from '../../../src/pipelines/copy/quick-checks.ts';
import { fitsType, type InferredType } from '../../../src/pipelines/inference/infer-types.ts';
import { VALUES_OF } from './random-values.ts';

function isCanonical(kind: number, bytes: Buffer, from: number, to: number): boolean {
  return formEnd(kind, bytes, from) === to;
}

/** Checks by our own code are held against the server: what they call certain it must take. */
export function describeChecks(connect: () => Pool, samples: number): void {
  beforeAll(async () => {
    await connect().query(`CREATE FUNCTION takes(value text, type text) RETURNS boolean LANGUAGE plpgsql AS $$
      BEGIN EXECUTE format('SELECT %L::%s', value, type); RETURN true; EXCEPTION WHEN data_exception THEN RETURN false; END $$`);
  });

  describe('quickCheck', () => {
    test.each(Object.entries(VALUES_OF))('%s: what is certain, Postgres takes', async (type, values) => {
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
    const valuesOf = (type: string) => VALUES_OF[type] as fc.Arbitrary<string>;

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
