import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ExportConfig } from '../../../src/config/define.ts';
import { runExport } from '../../../src/pipelines/export/run-export.ts';
import { createTestDatabase, type TestDatabase } from '../../database.ts';

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'sluice-parquet-test-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await database.drop();
});

function exported(wanted: Omit<ExportConfig, 'name'>) {
  const settings = { exportsDir: folder, stagingSchema: 'staging', dwSchema: 'datawarehouse', exports: [] };
  return runExport(database.pool, settings, {
    ...{ wanted: { name: 'test', ...wanted }, trigger: 'command', signal: new AbortController().signal },
    onWarning: () => undefined,
  });
}

async function duckdb(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Value as Postgres writes it (null stays null), Parquet's type, and the value as DuckDB reads it. */
const VALUES: readonly (readonly [sql: string, type: string, read: unknown])[] = [
  ['(-32768)::smallint', 'SMALLINT', -32768],
  ['2147483647', 'INTEGER', 2147483647],
  ['9223372036854775807::bigint', 'BIGINT', '9223372036854775807'],
  ["'-99.90'::numeric(12,2)", 'DECIMAL(12,2)', '-99.90'],
  [
    "'12345678901234567890123456789012345678'::numeric(38,0)",
    'DECIMAL(38,0)',
    '12345678901234567890123456789012345678',
  ],
  ["'0.125'::numeric", 'DECIMAL(18,3)', '0.125'],
  ["'-12345678901234567890.5'::numeric", 'DECIMAL(38,1)', '-12345678901234567890.5'],
  ["repeat('9', 40)::numeric", 'VARCHAR', '9'.repeat(40)],
  ["'NaN'::numeric", 'VARCHAR', 'NaN'],
  ["'1.5'::real", 'FLOAT', 1.5],
  ["'0.1'::float8", 'DOUBLE', 0.1],
  ['true', 'BOOLEAN', true],
  ["'0001-01-01'::date", 'DATE', '0001-01-01'],
  ["'1969-12-31 23:59:59.999999'::timestamp", 'TIMESTAMP', '1969-12-31 23:59:59.999999'],
  [
    "'2026-03-29 02:30:00.5+05:30'::timestamptz",
    'TIMESTAMP WITH TIME ZONE',
    expect.stringMatching(/^2026-03-28 21:00:00\.5/),
  ],
  ["'23:59:59.123456'::time", 'TIME', '23:59:59.123456'],
  ["''", 'VARCHAR', ''],
  ['E\'a,"b"\\r\\n\\u00e4\\\\.\'', 'VARCHAR', 'a,"b"\r\nä\\.'],
  ["'\\x00ff22'::bytea", 'BLOB', '\\x00\\xFF\\x22'],
  ["'\\x'::bytea", 'BLOB', ''],
  ['\'{"a": [1, null]}\'::json', 'VARCHAR', '{"a": [1, null]}'],
  ["'00000000-0000-0000-0000-0000000000ff'::uuid", 'UUID', '00000000-0000-0000-0000-0000000000ff'],
  ["array['x', null]", 'VARCHAR', '{x,NULL}'],
  ["'1 day 2 hours'::interval", 'VARCHAR', '1 day 02:00:00'],
];

it('Parquet has every value and NULL, of types that are like those of Postgres', async () => {
  const first = VALUES.map(([sql], at) => `${sql} as "C ${at}"`).join(', ');
  await database.pool.query(`create table public.typed as select 1 as "Row", ${first}`);
  await database.pool.query('insert into public.typed ("Row") values (2)');
  const written = await exported({ from: 'public.typed', format: 'parquet', file: 'values.parquet' });
  expect(written).toMatchObject({ rows: 2, format: 'parquet', compression: 'snappy' });
  const file = join(folder, 'values.parquet');
  const columns = await duckdb(`describe select * from '${file}'`);
  expect(columns.map(([name, type]) => [name, type])).toEqual([
    ['Row', 'INTEGER'],
    ...VALUES.map(([, type], at) => [`C ${at}`, type]),
  ]);
  expect(await duckdb(`select * from '${file}' order by 1`)).toEqual([
    [1, ...VALUES.map(([, , value]) => value)],
    [2, ...VALUES.map(() => null)],
  ]);
  const manifest = JSON.parse(await readFile(`${file}.manifest.json`, 'utf8'));
  expect(manifest).toMatchObject({ rows: 2, sha256: written?.sha256, bytes: (await readFile(file)).length });
});

it('Parquet has as many rows as there are: none, single NULLs, and more than a pipe holds', async () => {
  const queries = {
    none: 'select 1 as n where false',
    nulls: 'select null::text as n from generate_series(1, 3)',
    many: "select n, repeat('x', 100) as filler from generate_series(1, 200000) n",
  };
  for (const [name, query] of Object.entries(queries)) {
    const written = await exported({
      query,
      format: 'parquet',
      compression: 'zstd',
      file: `${name}.parquet`,
    });
    const counted = await duckdb(`select count(*), count(n) from '${join(folder, `${name}.parquet`)}'`);
    expect(
      counted.map((row) => row.map(Number)),
      name,
    ).toEqual([[written?.rows, name === 'nulls' ? 0 : written?.rows]]);
  }
});

it('Parquet that cannot be written leaves nothing, and says why', async () => {
  const before = await readdir(folder);
  const queries = [
    'select 1 as a, 2 as "A"',
    "select 'NaN'::numeric(4,1) as n",
    "select '0044-03-15 BC'::date as n",
    "select 'infinity'::timestamptz as n",
    'select 1 / (300000 - n) as n from generate_series(1, 300000) n',
  ];
  const problems: string[] = [];
  for (const query of queries) {
    await exported({ query, format: 'parquet' }).catch((error: unknown) => problems.push(String(error)));
  }
  expect(problems).toEqual([
    expect.stringContaining('two columns are named A'),
    expect.stringMatching(/DuckDB: .*"n".*"NaN" to 'DECIMAL/),
    expect.stringContaining('no like in Parquet of 0044-03-15 BC'),
    expect.stringContaining('no like in Parquet of infinity'),
    expect.stringContaining('division by zero'),
  ]);
  expect(await readdir(folder)).toEqual(before);
});

it('zstd compresses CSV and JSON Lines, also what cannot be compressed', async () => {
  const noise = randomBytes(600_000).toString('base64');
  await database.pool.query('create table public.noise (n int, text text)');
  await database.pool.query('insert into public.noise select n, $1 || n from generate_series(1, 3) n', [
    noise,
  ]);
  for (const format of ['csv', 'jsonl'] as const) {
    const written = await exported({
      from: 'public.noise',
      format,
      compression: 'zstd',
      file: `noise.${format}.zst`,
    });
    const file = join(folder, `noise.${format}.zst`);
    const read =
      format === 'csv'
        ? `read_csv('${file}', max_line_size = 10000000)`
        : `read_json('${file}', maximum_object_size = 10000000)`;
    expect(
      await duckdb(
        `select n::int, length(text)::int, md5(text) = md5('${noise}' || n) from ${read} order by 1`,
      ),
    ).toEqual([1, 2, 3].map((n) => [n, noise.length + 1, true]));
    expect(written?.bytes).toBeLessThan(noise.length * 3);
  }
});

it('deletes what a killed export has left in the temporary folder', async () => {
  // Above the largest id that Linux gives to a process.
  const left = await mkdtemp(join(tmpdir(), 'sluice-parquet-4194305-'));
  await exported({ query: 'select 1 as one', file: 'after.parquet', format: 'parquet' });
  expect(await readdir(tmpdir())).not.toContain(basename(left));
});
