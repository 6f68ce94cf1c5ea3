import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitIdentifier, qualified, quoteIdentifier, quoteLiteral } from '../../src/db/identifiers.ts';
import { createTestDatabase, type TestDatabase } from '../database.ts';

const NASTY = [
  'plain',
  'Mixed Case',
  'a"b',
  "it's",
  'back\\slash',
  '"; drop table x; --',
  'ümläut',
  '表',
  '😀',
  '\n\t',
  '$$',
];

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase('empty');
});
afterAll(() => database.drop());

describe('quoteIdentifier', () => {
  it.each(NASTY)('gives Postgres the name %j unchanged', async (name) => {
    const { fields } = await database.pool.query(`select 1 as ${quoteIdentifier(name)}`);
    expect(fields[0]?.name).toBe(name);
  });

  it('refuses what Postgres would cut off, reject or end at', () => {
    expect(() => quoteIdentifier('ü'.repeat(32))).toThrow(/63 bytes/);
    expect(() => quoteIdentifier('')).toThrow(/empty/);
    expect(() => quoteIdentifier('a\0b')).toThrow(/NUL/);
  });
});

describe('quoteLiteral', () => {
  it.each(['on', 'off'])(
    'gives Postgres the text unchanged with standard_conforming_strings %s',
    async (mode) => {
      const client = await database.pool.connect();
      try {
        await client.query(`set standard_conforming_strings = ${mode}`);
        for (const text of [...NASTY, '', "\\'", "'; select 1; --"]) {
          const { rows } = await client.query(`select ${quoteLiteral(text)} as text`);
          expect(rows[0].text).toBe(text);
        }
      } finally {
        client.release(true);
      }
    },
  );

  it('refuses NUL', () => {
    expect(() => quoteLiteral('a\0b')).toThrow(/NUL/);
  });
});

describe('qualified', () => {
  it('quotes both parts', () => {
    expect(qualified('a.b', 'c"d')).toBe('"a.b"."c""d"');
  });
});

describe('fitIdentifier', () => {
  it('keeps a name that fits', () => {
    expect(fitIdentifier('orders', '__v1')).toBe('orders__v1');
    expect(fitIdentifier('x'.repeat(63))).toBe('x'.repeat(63));
  });

  it.each(['x', 'ü', '表', '😀'])(
    'cuts a long name of %s at a character border and keeps the suffix',
    (character) => {
      const fitted = fitIdentifier(character.repeat(64), '__v12');
      expect(fitted.endsWith('__v12')).toBe(true);
      expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(63);
      expect(Buffer.byteLength(fitted) + Buffer.byteLength(character)).toBeGreaterThan(63);
      expect(fitted.slice(0, -5).replaceAll(character, '')).toBe('');
    },
  );

  it('refuses a suffix that leaves no room', () => {
    expect(() => fitIdentifier('a', 'x'.repeat(64))).toThrow(RangeError);
  });
});
