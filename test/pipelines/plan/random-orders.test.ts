import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Contract } from '../../../src/config/define.ts';
import { buildZip } from '../../formats/archive/build-zip.ts';
import { Engine } from '../load/engine.ts';

/** Types of a Postgres dump, each with values that it holds. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  smallint: ['0', '-32768'],
  integer: ['7', '2147483647'],
  bigint: ['5', '-9223372036854775808'],
  'numeric(6,2)': ['1.50', '-9999.99'],
  'numeric(9,4)': ['1.5000', '99999.9999'],
  real: ['1.5', '16777216'],
  'double precision': ['0.1', '123456789.125'],
  'character varying(4)': ['abcd', '""'],
  'character varying(9)': ['ab cd efg', 'é'],
  text: ['00123', '"a|b\nc"'],
  date: ['2026-02-28', '0001-01-01'],
  timestamp: ['2026-02-28 00:00:00', '2026-02-28 23:59:59.123456'],
  boolean: ['t', 'f'],
};
const NAMES = ['a', 'b', 'c', 'd'] as const;

interface Column {
  readonly name: string;
  readonly type: string;
}

const column = (name: string) => fc.constantFrom(...Object.keys(TYPES)).map((type) => ({ name, type }));
const layout: fc.Arbitrary<Column[]> = fc
  .shuffledSubarray([...NAMES], { minLength: 1 })
  .chain((names) => fc.tuple(...names.map(column)));
const history = fc.record({
  layouts: fc.array(layout, { minLength: 2, maxLength: 4 }),
  parent: fc.constantFrom<Contract['parent']>('common', 'widen'),
  typeChange: fc.constantFrom<Contract['typeChange']>('evolve', 'widen'),
  /** Numbers to sort by: the other order of arrival. */
  shuffle: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
});

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.open();
});
afterAll(() => engine.close());

function archiveOf(columns: readonly Column[], at: number): { name: string; content: Buffer } {
  const described = [{ name: 'id', type: 'integer' }, ...columns];
  const descriptor = described.map(({ name, type }) => ({ column_name: name, column_type: type }));
  const record = (number: number) => [
    String(at * 10 + number),
    ...columns.map(({ type }) => TYPES[type]?.[number] ?? '\\N'),
  ];
  const records = [described.map(({ name }) => name), record(0), record(1), record(2)];
  const content = buildZip([
    { name: 't.json', content: JSON.stringify(descriptor) },
    { name: 't.dat', content: records.map((fields) => `${fields.join('|')}\n`).join('') },
  ]);
  return { name: `app_v${at + 1}.zip`, content };
}

async function arrive(archives: readonly { name: string; content: Buffer }[]): Promise<unknown> {
  await engine.forget();
  for (const { name, content } of archives) {
    const outcome = await engine.load(name, content);
    expect(outcome, outcome.errorMessage ?? '').toMatchObject({
      status: 'published',
      loads: [{ rowsLoaded: 3 }],
    });
  }
  const { pool } = engine.database;
  const { fields, rows } = await pool.query(
    `select _label, _version, _row, to_jsonb(shown_) - '_run_id' as shown, shown_.* from staging.app_t__all shown_ order by id`,
  );
  const versions = await engine.query(
    `select label, version, version_table, jsonb_path_query_array(columns, '$[*].original') as columns
       from sluice.versions order by label`,
  );
  const tables = [];
  for (const { name } of archives.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    tables.push(await ownValues(`app_t__${name.slice(4, -4)}`));
  return {
    versions,
    tables,
    view: fields.map(({ name, dataTypeID, dataTypeModifier }) => [name, dataTypeID, dataTypeModifier]),
    rows: rows.map(({ shown }) => shown),
  };
}

/** Values of a version table under the names that its file has, without regard to where they lie; numbers and times as such. */
async function ownValues(table: string): Promise<unknown> {
  const [row] = await engine.query<{ columns: { name: string; original: string }[] }>(
    `select columns from sluice.versions where version_table = 'staging.' || $1`,
    [table],
  );
  const list = (row?.columns ?? [])
    .toSorted((a, b) => (a.original < b.original ? -1 : 1))
    .map(({ name, original }) => `"${name}" as "${original}"`);
  const rows = await engine.query<Record<string, unknown>>(
    `select ${list.join(', ')} from staging."${table}" order by id`,
  );
  return rows.map((values) =>
    Object.entries(values).map(([name, value]) => [name, value === null ? null : plain(value)]),
  );
}

function plain(value: unknown): unknown {
  if (value instanceof Date) return value.getTime();
  const text = String(value).replace(/ 00:00:00$/, '');
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

test('whatever the layouts, and whatever came first, the same versions and the same view', async () => {
  const property = fc.asyncProperty(history, async ({ layouts, parent, typeChange, shuffle }) => {
    await engine.reopen({}, [{ name: 'app_t', source: 'postgres', contract: { parent, typeChange } }]);
    const archives = layouts.map(archiveOf);
    const other = archives
      .map((archive, at) => ({ archive, at: shuffle[at] ?? 0 }))
      .sort((a, b) => a.at - b.at)
      .map(({ archive }) => archive);
    expect(await arrive(other)).toEqual(await arrive(archives));
  });
  await fc.assert(property, { numRuns: process.env['LARGE_TESTS'] ? 150 : 6 });
}, 600_000);
