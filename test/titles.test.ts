import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { Service } from './service.ts';

const NAME = '2019_free_title_data.csv';
const TITLES = join(import.meta.dirname, 'fixtures/public', NAME);
const TABLE = 'staging."2019_free_title_data"';
/** A few KB every 300 ms: the file is written for about 4 s, twice as long as it takes to settle. */
const CHUNKS = 12;
const PAUSE_MS = 300;
const LONG_PAUSE_MS = 1_000;

describe('the titles file', () => {
  it('copied in slowly becomes one table, once', async () => {
    const service = await Service.create({ SETTLE_MS: '2000' });
    const running = await service.start();
    const bytes = await readFile(TITLES);
    await writeSlowly(join(service.imports, NAME), bytes);
    await service.finished(1);
    expect(await service.value(`select count(*) from ${TABLE}`)).toBe(5000);
    await expectSameAsIndependentReader(service, bytes);
    await expectAccounted(service, bytes.length);
    expect(running.stdout.match(/published 2019_free_title_data\.csv \|.*5,000 rows.*/g)).toHaveLength(1);

    await service.drop('the same under another name.csv', bytes);
    await service.finished(2);
    expect(await service.statuses()).toEqual([
      { name: NAME, status: 'published', error: null },
      { name: 'the same under another name.csv', status: 'duplicate', error: 'ALREADY_PUBLISHED' },
    ]);
    expect(await service.value(`select count(*) from ${TABLE}`)).toBe(5000);
    expect((await running.stop()).code).toBe(0);
  });
});

async function writeSlowly(path: string, bytes: Buffer): Promise<void> {
  const size = Math.ceil(bytes.length / CHUNKS);
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    await appendFile(path, bytes.subarray(chunk * size, (chunk + 1) * size));
    await sleep(chunk === CHUNKS / 2 ? LONG_PAUSE_MS : PAUSE_MS);
  }
}

async function expectSameAsIndependentReader(service: Service, bytes: Buffer): Promise<void> {
  const [header, ...records] = parse(bytes) as string[][];
  const columns = await service.query<{ attname: string; type: string }>(
    `select attname, format_type(atttypid, null) as type from pg_attribute
      where attrelid = '${TABLE}'::regclass and attnum > 0 and attname not in ('_run_id', '_row') order by attnum`,
  );
  expect(header).toHaveLength(21);
  expect(columns.map(({ attname }) => attname)).toEqual([
    'title',
    'pdl_count',
    'top_related_titles',
    ...Array.from({ length: 18 }, (_, at) => `column_${at + 4}`),
  ]);
  expect(columns.map(({ type }) => type)).toEqual(['text', 'bigint', ...Array(19).fill('text')]);
  const sum = records.reduce((total, record) => total + Number(record[1]), 0);
  expect(await service.value(`select sum(pdl_count)::bigint from ${TABLE}`)).toBe(sum);
  const list = columns.map(({ attname }) => `"${attname}"::text`).join(', ');
  const { rows } = await service.database.pool.query({
    text: `select ${list} from ${TABLE} order by _row`,
    rowMode: 'array',
  });
  // Nothing in this file is quoted and empty: each empty field is NULL.
  expect(rows).toEqual(records.map((record) => record.map((value) => (value === '' ? null : value))));
}

async function expectAccounted(service: Service, bytes: number): Promise<void> {
  const [load] = await service.query<Record<string, unknown>>('select * from sluice.loads');
  expect(load).toMatchObject({
    file_name: NAME,
    dataset: '2019_free_title_data',
    status: 'published',
    records_read: 5000,
    rows_loaded: 5000,
    rows_rejected: 0,
    rows_skipped: 0,
    error_code: null,
  });
  const [receipt] = await service.receipts();
  expect(receipt).toMatchObject({ file: NAME, status: 'published', sizeBytes: bytes });
  expect(receipt?.movedTo).toMatch(/^processed\/\d{4}-\d\d-\d\d\/2019_free_title_data\.csv$/);
  expect(await service.filesIn('imports')).toEqual([receipt?.movedTo]);
  const logged = await readFile(join(service.logs, (await service.filesIn('logs'))[0] ?? ''), 'utf8');
  const lines = logged.split('\n').filter((line) => line.includes('"event":"file finished"'));
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { file: NAME, outcome: 'published', rows: 5000, rejected: 0 },
  ]);
}
