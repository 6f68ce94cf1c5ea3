import fc from 'fast-check';
import type { Pool, PoolClient } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { BlockEncoder } from '../../../src/pipelines/copy/encode/block-encoder.ts';
import { columnEncoding } from '../../../src/pipelines/copy/encode/columns.ts';
import { blockOf, copyBlocks, createTarget, planFor, type Target, undone, type Way } from './copying.ts';
import { VALUES_OF } from './random-values.ts';

const TYPES = [
  ...['text', 'varchar(5)', 'bigint', 'int', 'smallint', 'numeric', 'numeric(5,2)', 'numeric(3,3)'],
  ...['numeric(20,1)', 'boolean', 'date', 'timestamp', 'timestamptz', 'uuid'],
];
/** Records of nothing else are encoded in a loop of their own. */
const WHOLE_NUMBERS = ['bigint', 'int', 'smallint', 'bigint'];
const columnsOf = (types: readonly string[]) => types.map((type, at) => ({ name: `c${at}`, type }));
const valuesOf = (type: string) => VALUES_OF[type] ?? (VALUES_OF.numeric as fc.Arbitrary<string>);

/** Values that files are full of, by type: every one of them is to be encoded. */
const USUAL_VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  text: fc.constantFrom('', 'a', 'é€😀', 'x'.repeat(47), 'x'.repeat(48), 'y'.repeat(300)),
  'varchar(5)': fc.constantFrom('', 'abcde', 'é€'),
  bigint: fc.bigInt(-(10n ** 18n) + 1n, 10n ** 18n - 1n).map(String),
  int: fc.integer().map(String),
  smallint: fc.integer({ min: -32768, max: 32767 }).map(String),
  numeric: fc.tuple(fc.integer({ min: 1 }), fc.stringMatching(/^\d{1,30}$/)).map((parts) => parts.join('.')),
  'numeric(5,2)': fc.constantFrom('0', '1', '999', '999.99', '-12.5', '0.05', '10.000'),
  'numeric(20,1)': fc.constantFrom('0.5', '100000.1', '-1234567890123456.7', '10000', '100000000'),
  boolean: fc.constantFrom('t', 'f', 'true', 'FALSE', 'True', 'T'),
  date: fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }).map(day),
  timestamp: fc
    .tuple(
      fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
      fc.constantFrom('', 'T00:00', ' 23:59:59', ' 12:34:56.1', 'T01:02:03.000009'),
    )
    .map(([date, time]) => day(date) + time),
  timestamptz: fc
    .tuple(
      fc.date({ min: new Date('0002-01-01'), max: new Date('9998-12-31'), noInvalidDate: true }),
      fc.constantFrom('Z', '+00', '-15:59', '+05:30'),
    )
    .map(([date, zone]) => `${day(date)} 10:20:30.25${zone}`),
  uuid: fc.uuid().map((uuid) => (uuid < '8' ? uuid : uuid.toUpperCase())),
};

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

interface Cell {
  readonly value: string | null;
  readonly quoted: boolean;
}

/** Of `weight` values one is unusual, and of as many one is quoted. */
function anyRow(types: readonly string[], weight: number, quoted: fc.Arbitrary<boolean>) {
  const cells = types.map((type) => {
    const usual = USUAL_VALUES[type] ?? fc.constant('0');
    const value = fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: valuesOf(type) });
    return fc.record({ value: fc.option(value, { freq: 8 }), quoted });
  });
  return fc.tuple(...cells);
}

function anyTextOf(row: fc.Arbitrary<readonly Cell[]>, maxLength: number) {
  return fc
    .record({
      rows: fc.array(row, { minLength: 1, maxLength }),
      nullMarker: fc.constantFrom('', '\\N', 't', '1', '0'),
      newline: fc.constantFrom<'\n' | '\r\n' | '\r'>('\n', '\r\n', '\r'),
      lastLineEnd: fc.boolean(),
    })
    .map(({ rows, nullMarker, newline, lastLineEnd }) => {
      const lines = rows.map((cells) => cells.map((cell) => written(cell, nullMarker)).join(','));
      return { nullMarker, newline, text: lines.join(newline) + (lastLineEnd ? newline : '') };
    });
}

const anyText = anyTextOf(anyRow(TYPES, 12, fc.boolean()), 8);
const seldom = fc.oneof(
  { weight: 40, arbitrary: fc.constant(false) },
  { weight: 1, arbitrary: fc.constant(true) },
);
/** Most records are as they usually are, so that what is unusual comes between them. */
const anyWholeNumbers = anyTextOf(anyRow(WHOLE_NUMBERS, 30, seldom), 40);

/** A text that could be read otherwise is quoted. */
function written({ value, quoted }: Cell, nullMarker: string): string {
  if (value === null) return nullMarker;
  return quoted || /["\n\r,]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** What is sent encoded is stored as the server stores it when it reads the text itself, to the byte. */
export function describeEncoding(connect: () => Pool, runs: number): void {
  let target: Target;
  let wholeNumbers: Target;

  beforeAll(async () => {
    target = await createTarget(connect(), 'encoded', columnsOf(TYPES));
    wholeNumbers = await createTarget(connect(), 'whole_numbers', columnsOf(WHOLE_NUMBERS));
  });

  describe('encoding', () => {
    test('stores what the server makes of the text, and rejects the same records', async () => {
      const isTheSame = fc.asyncProperty(anyText, (text) => expectTheSame(connect(), target, text));
      await fc.assert(isTheSame, { numRuns: runs });
    });

    test('does so for records of nothing but whole numbers', async () => {
      const isTheSame = fc.asyncProperty(anyWholeNumbers, (text) =>
        expectTheSame(connect(), wholeNumbers, text),
      );
      await fc.assert(isTheSame, { numRuns: runs });
    });

    test.each(Object.entries(USUAL_VALUES))(
      '%s: leaves nothing that is usual to the server',
      (type, values) => {
        const encoder = encoderOf([type]);
        const plan = planFor({ ...target, columns: [{ name: 'c', type }] }, { nullMarker: '\\N' });
        const lines = fc.sample(values, 100).map((value, at) => (at % 2 === 0 ? value : `"${value}"`));
        encoder.start(blockOf(Buffer.from(`${lines.join('\n')}\n`), plan));
        while (encoder.next() !== null);
        expect([encoder.rows, encoder.doubtful]).toEqual([100, []]);
      },
    );

    test.each([
      { what: 'values of all types', types: TYPES, texts: anyText },
      { what: 'whole numbers', types: WHOLE_NUMBERS, texts: anyWholeNumbers },
    ])('does not depend on where chunks of $what end', ({ types, texts }) => {
      fc.assert(
        fc.property(texts, fc.integer({ min: 1, max: 3000 }), ({ text, ...dialect }, chunkBytes) => {
          const plan = planFor(target, dialect);
          const block = blockOf(Buffer.from(text), plan);
          const whole = encodeAll(encoderOf(types, dialect), block);
          expect(encodeAll(encoderOf(types, dialect, chunkBytes), block)).toEqual(whole);
        }),
      );
    });

    function encoderOf(types: readonly string[], dialect = {}, chunkBytes?: number): BlockEncoder {
      const encodings = types.flatMap((type) => columnEncoding(type) ?? []);
      expect(encodings).toHaveLength(types.length);
      const plan = planFor(target, { nullMarker: '\\N', ...dialect });
      return new BlockEncoder(plan.dialect, encodings, chunkBytes);
    }
  });
}

interface Text {
  readonly text: string;
  readonly nullMarker: string;
  readonly newline: '\n' | '\r\n' | '\r';
}

async function expectTheSame(pool: Pool, target: Target, { text, ...dialect }: Text): Promise<void> {
  const plan = planFor(target, dialect);
  const blocks = [blockOf(Buffer.from(text), plan, 2 ** 33, 5)];
  await undone(pool, async (client) => {
    // In one transaction, so that `now` is the same.
    const load = async (way: Way) => {
      await client.query('SAVEPOINT before');
      const { rows, rejects } = await copyBlocks(client, plan, blocks, way);
      const found = { rows, rejects, stored: await stored(client, target) };
      await client.query('ROLLBACK TO before');
      return found;
    };
    expect(await load('encoded')).toEqual(await load('raw'));
  });
}

function encodeAll(encoder: BlockEncoder, block: Parameters<BlockEncoder['start']>[0]) {
  encoder.start(block);
  const chunks: Buffer[] = [];
  for (let chunk = encoder.next(); chunk !== null; chunk = encoder.next()) chunks.push(Buffer.from(chunk));
  return { bytes: Buffer.concat(chunks).toString('hex'), doubtful: encoder.doubtful };
}

/** Every row as the server sends it and as large as it is: values that only look the same differ. */
async function stored(client: PoolClient, { version }: Target) {
  const { rows } = await client.query(
    `SELECT _row, encode(record_send(t), 'hex') AS sent, pg_column_size(t) AS size, t::text AS said
       FROM "${version.schema}"."${version.name}" t ORDER BY _row`,
  );
  return rows;
}
