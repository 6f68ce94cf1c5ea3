import fc from 'fast-check';
import type { Pool, PoolClient } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { copyBytes } from '../../../src/pipelines/copy/copy-bytes.ts';
import { blockOf, copyBlocks, createTarget, planFor, rowsIn, type Target, undone } from './copying.ts';

/** Types of all kinds, each with texts that it takes, nearly takes, or takes and changes. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  bigint: ['1', '-9223372036854775808', '9223372036854775808', ' 7 ', '007', '1e3', '', '0x1F', '1_000', '٣'],
  smallint: ['32767', '32768', '-32768', '-32769', '1.0', '+5'],
  'numeric(5,2)': ['999.99', '999.994', '999.995', '-0', '1e2', '1e3', 'NaN', 'Infinity', '.5', '5.', '1000'],
  'character varying(3)': ['abc', 'abcd', 'abc   ', '😀😀😀', '😀😀😀😀', 'é\u0301x', ''],
  'character(2)': ['a', 'ab', 'abc', 'ab '],
  boolean: ['t', 'TRUE', 'yes', 'of', 'o', '1', '2', 'maybe'],
  date: [
    '2024-02-29',
    '2023-02-29',
    '20240101',
    'infinity',
    '0000-01-01',
    '2024-1-5',
    'Jan 5 2024',
    '5874898-01-01',
  ],
  'timestamp without time zone': [
    '2024-01-01 24:00:00',
    '2024-01-01 25:00:00',
    '2024-01-01T10:00:00+02',
    '1',
  ],
  'timestamp(3) with time zone': [
    '2024-01-01 10:00 Europe/Nowhere',
    '2024-01-01 10:00 UTC',
    '2024-01-01 10:00+17',
  ],
  time: ['24:00:00', '24:00:01', '10:00 PM', '10'],
  interval: ['1 day', '1 dog', 'P1D', '999999999999 years'],
  uuid: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{a0eebc999c0b4ef8bb6d6bb9bd380a11}', 'a0eebc99'],
  json: ['{"a": 1}', '{"a": }', '[1', 'null'],
  jsonb: ['{"a": 1}', '"\\u0000"', '1e400000', '[1,]'],
  'bit(3)': ['101', '10', '1011'],
  bytea: ['\\x00ff', '\\x0', 'a\\'],
  inet: ['10.0.0.1/8', '10.0.0.256', '::1'],
  'integer[]': ['{1,2}', '{1,', '{a}', '{}'],
  int4range: ['[1,5)', '[5,1)', 'empty'],
  tsquery: ['a & b', 'a & & b'],
  regclass: ['pg_class', 'no_such_table'],
  money: ['$1.50', 'x'],
  point: ['(1,2)', '(1,2'],
  '"Mood"': ['happy', 'Happy', "sad, '"],
  even: ['2', '3', 'x'],
  picky: ['ok', 'no', ''],
};

/** An enum, and two domains of which one raises an error of its own. */
const OWN_TYPES = `
  CREATE TYPE "Mood" AS ENUM ('happy', 'sad, ''');
  CREATE DOMAIN even AS integer CHECK (VALUE % 2 = 0);
  CREATE FUNCTION fuss(text) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN IF $1 = 'no' THEN RAISE EXCEPTION 'I do not like %', $1; END IF; RETURN $1 <> ''; END $$;
  CREATE DOMAIN picky AS text CHECK (fuss(VALUE))`;

const COLUMNS = Object.keys(TYPES).map((type, at) => ({ name: `c${at}`, type }));
const TEXTS = Object.values(TYPES);

type Values = readonly (string | null)[];

/** One or two values that are not NULL. */
const anyRecord: fc.Arbitrary<Values> = fc
  .array(fc.tuple(fc.nat(COLUMNS.length - 1), fc.nat(20)), { minLength: 1, maxLength: 2 })
  .map((chosen) => {
    const record = COLUMNS.map((): string | null => null);
    for (const [column, nth] of chosen) {
      const some = TEXTS[column] as readonly string[];
      record[column] = some[nth % some.length] as string;
    }
    return record;
  });

/** Random files of typed columns: a record is loaded if Postgres by itself takes its values, and rejected otherwise. */
export function describeValues(connect: () => Pool, runs: number): void {
  let target: Target;

  beforeAll(async () => {
    await connect().query(OWN_TYPES);
    target = await createTarget(connect(), 'typed', COLUMNS);
    await connect().query('CREATE TABLE staging.judge (LIKE staging.typed)');
    await connect().query('ALTER TABLE staging.judge ALTER _row DROP NOT NULL, ALTER _run_id DROP NOT NULL');
  });

  describe('copying values of all types', () => {
    test('loads what Postgres takes and rejects what it refuses, in its words', async () => {
      const plan = planFor(target, {});
      const anyFile = fc.record({
        records: fc.array(anyRecord, { minLength: 1, maxLength: 12 }),
        // With an empty line in it, a block is not copied raw.
        isRaw: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(anyFile, async ({ records, isRaw }) => {
          const block = blockOf(Buffer.from(`${isRaw ? '' : '\n'}${records.map(csvLine).join('')}`), plan);
          const { copied, loaded, judged } = await undone(connect(), async (client) => ({
            copied: await copyBlocks(client, plan, [block]),
            loaded: await rowsIn(client, target),
            judged: await judge(client, records),
          }));
          const good = judged.flatMap((fault, at) => (fault === null ? [at + 1] : []));
          expect([...loaded.keys()]).toEqual(good);
          expect(copied.rows).toBe(good.length);
          expect(
            copied.rejects.map(({ record, sqlstate, message }) => ({ record, sqlstate, message })),
          ).toEqual(judged.flatMap((fault, at) => (fault === null ? [] : [{ record: at + 1, ...fault }])));
          for (const { record, column } of copied.rejects)
            expect(filledIn(records[record - 1] ?? [])).toContain(column);
        }),
        { numRuns: runs },
      );
    });
  });
}

function csvLine(record: Values): string {
  const cells = record.map((value) => (value === null ? '' : `"${value.replaceAll('"', '""')}"`));
  return `${cells.join(',')}\n`;
}

/** Names of the columns that are not NULL. */
function filledIn(record: Values): string[] {
  return COLUMNS.flatMap(({ name }, at) => (record[at] === null ? [] : [name]));
}

/** What COPY says of each record by itself; null when it takes it. */
async function judge(client: PoolClient, records: readonly Values[]) {
  const said: ({ sqlstate: string; message: string } | null)[] = [];
  const statement = `COPY staging.judge (${COLUMNS.map(({ name }) => name).join(', ')}) FROM STDIN (FORMAT csv)`;
  for (const record of records) {
    await client.query('SAVEPOINT one');
    const fault = await copyBytes(client, statement, Buffer.from(csvLine(record))).then(
      () => null,
      (error: Error & { code: string }) => ({ sqlstate: error.code, message: error.message }),
    );
    await client.query(fault === null ? 'RELEASE one' : 'ROLLBACK TO one; RELEASE one');
    said.push(fault);
  }
  return said;
}
