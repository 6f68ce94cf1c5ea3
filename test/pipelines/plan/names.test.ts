import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normaliseName, normaliseNames } from '../../../src/pipelines/plan/names.ts';

describe('a column name', () => {
  for (const [original, expected] of [
    ['Order ID', 'order_id'],
    ['', 'column_3'],
    ['---', 'column_3'],
    ['_run_id', 'run_id'],
    ['_row', 'row'],
    ['select', 'select'],
    ['ctid', 'ctid_2'],
    ['XMIN', 'xmin_2'],
    ['tableoid', 'tableoid_2'],
    ['oid', 'oid'],
    ['x'.repeat(80), 'x'.repeat(63)],
    ['å'.repeat(40), 'å'.repeat(31)],
  ] as const) {
    test(JSON.stringify(original), () => expect(normaliseName(original, 3)).toBe(expected));
  }
});

describe('column names', () => {
  for (const [name, originals, expected] of [
    ['that differ', ['id', 'Name'], ['id', 'name']],
    ['that are the same', ['a', 'a', 'a'], ['a', 'a_2', 'a_3']],
    ['that become the same', ['id', 'ID', 'Id'], ['id', 'id_2', 'id_3']],
    ['written exactly so keep the name wherever they stand', ['ID', 'id'], ['id_2', 'id']],
    ['that stand in the file are not taken by a number', ['a', 'a', 'a_2'], ['a', 'a_3', 'a_2']],
    ['that are blank', ['a', '', ''], ['a', 'column_2', 'column_3']],
    ['made up for blanks yield to real ones', ['', 'Column 1'], ['column_1_2', 'column_1']],
    ['like our own', ['_run_id', 'run_id', '_row'], ['run_id_2', 'run_id', 'row']],
    ['like the system’s', ['ctid', 'ctid_2'], ['ctid_2_2', 'ctid_2']],
    [
      'that are the same within 63 bytes',
      [`${'x'.repeat(70)}b`, `${'x'.repeat(70)}a`],
      [`${'x'.repeat(61)}_2`, 'x'.repeat(63)],
    ],
  ] as const) {
    test(name, () => expect(normaliseNames(originals)).toEqual(expected));
  }

  test('do not depend on the order of columns that differ', () => {
    const originals = ['NAME', 'Name', ' name', 'other', `${'x'.repeat(70)}b`, `${'x'.repeat(70)}a`];
    const named = (order: readonly string[]) => {
      const names = normaliseNames(order);
      return Object.fromEntries(order.map((original, at) => [original, names[at]]));
    };
    fc.assert(
      fc.property(fc.shuffledSubarray(originals, { minLength: originals.length }), (order) => {
        expect(named(order)).toEqual(named(originals));
      }),
    );
  });

  const header = fc.array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'a',
        'A',
        'a_2',
        'a_2_2',
        '',
        'column_1',
        'Column 2',
        '_run_id',
        'ctid',
        'ctid_2',
        'İ',
        '\0',
      ),
      fc.string({ unit: fc.constantFrom('å', 'x', '_'), minLength: 55, maxLength: 70 }),
    ),
    { maxLength: 40 },
  );

  test('are unique and fit in Postgres', () => {
    fc.assert(
      fc.property(header, (originals) => {
        const names = normaliseNames(originals);
        expect(names).toHaveLength(originals.length);
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) {
          expect(name).toMatch(/^[\p{L}\p{M}\p{N}_]+$/u);
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
          expect(['_run_id', '_row', 'ctid', 'xmin']).not.toContain(name);
        }
      }),
    );
  });

  test('made again are the same', () => {
    fc.assert(
      fc.property(header, (originals) => {
        const names = normaliseNames(originals);
        expect(normaliseNames(names)).toEqual(names);
      }),
    );
  });
});
