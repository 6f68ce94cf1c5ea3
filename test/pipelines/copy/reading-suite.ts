import fc from 'fast-check';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Encoding } from '../../../src/formats/delimited/dialect.ts';
import { splitNaively } from '../../formats/delimited/naive-splitter.ts';
import { anyDialect, nastyText, tamePiece } from '../../formats/delimited/random-texts.ts';
import {
  anyWay,
  blockOf,
  copyBlocks,
  createTarget,
  planFor,
  readStrictly,
  rowsIn,
  type Target,
  undone,
} from './copying.ts';

/** Random files of nothing but text columns: every record that can be read is loaded as it stands, every other one rejected. */
export function describeReading(connect: () => pg.Pool, runs: number): void {
  const targets: Target[] = [];

  beforeAll(async () => {
    for (let width = 1; width <= 3; width++) {
      const columns = Array.from({ length: width }, (_, at) => ({ name: `c${at}`, type: 'text' }));
      targets.push(await createTarget(connect(), `texts${width}`, columns));
    }
  });

  const anyFile = fc
    .record({
      dialect: anyDialect,
      nullMarker: fc.constantFrom('', '\\N', '7', '2'),
      encoding: fc.constantFrom<Encoding>('utf-8', 'utf-8', 'latin1', 'windows-1252'),
      width: fc.integer({ min: 1, max: 3 }),
    })
    .chain(({ dialect: plain, nullMarker, encoding, width }) => {
      const dialect = { ...plain, nullMarker, encoding };
      const field = fc.oneof(tamePiece(dialect), fc.constantFrom('7', '2', '\\N', '\\.', ''));
      const line = fc
        .array(field, { minLength: width, maxLength: width })
        .map((fields) => fields.join(dialect.delimiter) + dialect.newline);
      const part = fc.oneof({ weight: 5, arbitrary: line }, { weight: 1, arbitrary: nastyText(dialect, 8) });
      const text = fc.array(part, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''));
      return fc.record({ dialect: fc.constant(dialect), width: fc.constant(width), text, way: anyWay });
    });

  describe('copying random text', () => {
    test('loads every record as it stands, and rejects those that cannot be read', async () => {
      await fc.assert(
        fc.asyncProperty(anyFile, async ({ dialect, width, text, way }) => {
          // The reader never gives out a block that ends inside quotes.
          fc.pre(!splitNaively(text, dialect, width).some(({ open }) => open));
          const target = targets[width - 1] as Target;
          const plan = planFor(target, dialect);
          const block = blockOf(Buffer.from(text, 'latin1'), plan, 2, 5);
          const { good, bad } = readStrictly(block, plan);
          const { copied, loaded } = await undone(connect(), async (client) => ({
            copied: await copyBlocks(client, plan, [block], way),
            loaded: await rowsIn(client, target),
          }));
          expect(loaded).toEqual(good);
          expect(copied.rows).toBe(good.size);
          expect(new Map(copied.rejects.map(({ record, line, raw }) => [record, { raw, line }]))).toEqual(
            bad,
          );
        }),
        { numRuns: runs },
      );
    });
  });
}
