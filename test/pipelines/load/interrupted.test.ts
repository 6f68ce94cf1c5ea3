import { createReadStream } from 'node:fs';
import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { prepareData } from '../../../bench/generate/prepare.ts';
import { FULL_ROWS, recipesFor } from '../../../bench/generate/recipes.ts';
import { findBinaries } from '../../../src/db/embedded/binaries.ts';
import { openPool } from '../../../src/db/pool.ts';
import { sumOfIds, writeLargeCsv } from '../../generated.ts';
import { eventually, Service } from '../../service.ts';
import { OwnServer } from '../own-server.ts';

// Several processes each, perhaps on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

/** On the benchmark's file of 436 MB, else on one of 60 MB: see CONTRIBUTING.md. */
const LARGE = process.env['LARGE_TESTS'] === 'true';
const ROWS = LARGE ? FULL_ROWS : 1_500_000;
const PATIENCE_MS = 60_000;
const LANES = { LANES: '2', CONCURRENCY: '1' };

let folder: string;
let large: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-large-'));
  large = join(folder, 'large.csv');
  if (LARGE) large = await benchFile();
  else await writeLargeCsv(large, ROWS);
}, 300_000);

async function benchFile(): Promise<string> {
  const data = join(import.meta.dirname, '../../../bench/data', String(FULL_ROWS));
  await prepareData(data, recipesFor(FULL_ROWS), ['mixed.csv'], () => {});
  return join(data, 'mixed.csv');
}

afterAll(() => rm(folder, { recursive: true, force: true }));

it('a service killed while lanes copy leaves nothing, and its successor loads every row once', async () => {
  const service = await Service.create(LANES);
  const { pool } = service.database;
  const first = await service.start();
  await dropLarge(service);
  await untilCopying(pool);
  await first.kill();
  await expectNothing(pool);
  await service.start();
  await service.finished(1);
  await expectEverything(pool);
});

it('a lane whose connection is cut takes the other lanes with it, and the file is loaded again from the start', async () => {
  const service = await Service.create(LANES);
  const { pool } = service.database;
  const running = await service.start();
  await dropLarge(service);
  const [lane] = await untilCopying(pool);
  // As if a lane that had ended already could not be cleared away.
  await pool.query('create table staging_segments.r1_a1_e1_l9 (id int)');
  const { rows } = await pool.query('select pg_terminate_backend($1) as ended', [lane]);
  expect(rows).toEqual([{ ended: true }]);
  await running.untilPrinted('DATABASE_CONNECTION_LOST');
  await service.finished(1);
  await expectEverything(pool);
  expect(await service.value('select max(attempt) from sluice.run')).toBe(2);
});

it('a server that crashes while lanes copy is waited for, and then has every row once', async () => {
  const server = await OwnServer.start(dirname((await findBinaries()).postgres));
  const pool = openPool(server.url, { max: 2, applicationName: 'sluice test' });
  try {
    const service = await Service.create({ ...LANES, DATABASE_URL: server.url });
    const running = await service.start();
    await dropLarge(service);
    await untilCopying(pool);
    await server.kill();
    await running.untilPrinted(/DATABASE_(UNREACHABLE|CONNECTION_LOST)/);
    await server.resume();
    await expectNothing(pool);
    const done = 'select outcome_done_at is not null as done from sluice.source_file';
    await eventually(
      async () => (await pool.query<{ done: boolean }>(done)).rows[0]?.done === true,
      PATIENCE_MS,
      'the file is finished',
      () => running.output,
    );
    await expectEverything(pool);
    expect((await running.stop()).code).toBe(0);
  } finally {
    await pool.end();
    await server.remove();
  }
});

/** The file appears whole in the imports folder. */
async function dropLarge(service: Service): Promise<void> {
  const target = join(service.imports, 'large.csv');
  await copyFile(large, `${target}.part`);
  await rename(`${target}.part`, target);
}

/** Waits until both lanes are at work, and have some blocks behind them; gives their processes. */
async function untilCopying(pool: Pool): Promise<Set<number>> {
  const lanes = new Set<number>();
  await eventually(
    async () => {
      const { rows } = await pool.query<{ pid: number }>(
        'select pid from pg_stat_progress_copy where datname = current_database()',
      );
      for (const { pid } of rows) lanes.add(pid);
      return lanes.size >= 2;
    },
    PATIENCE_MS,
    'two lanes copy',
  );
  await sleep(200);
  return lanes;
}

/** No table of the file is to be seen, and no segment is left that is not being worked on. */
async function expectNothing(pool: Pool): Promise<void> {
  const { rows } = await pool.query(
    `select to_regclass('staging.large') as parent,
            (select count(*) from sluice.load_job where status = 'published') as published,
            (select count(*) from sluice.run where finished_at is not null) as finished`,
  );
  expect(rows).toEqual([{ parent: null, published: 0, finished: 0 }]);
}

async function expectEverything(pool: Pool): Promise<void> {
  const { rows } = await pool.query(
    `select count(*) as rows, count(distinct _row) as numbers, sum(id)::bigint as ids, bool_and(id = _row) as same from staging.large`,
  );
  expect(rows).toEqual([{ rows: ROWS, numbers: ROWS, ids: sumOfIds(ROWS), same: true }]);
  if (LARGE) await expectSameAsCopy(pool);
  const loads = await pool.query(
    'select status, records_read as read, rows_loaded as loaded from sluice.loads',
  );
  expect(loads.rows).toEqual([{ status: 'published', read: ROWS, loaded: ROWS }]);
  const orphans = await pool.query(
    `select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'staging_segments' and c.relkind in ('r', 'S')
        and not exists (select from pg_inherits i where i.inhrelid = c.oid)`,
  );
  expect(orphans.rows).toEqual([]);
}

/** What stands in the table is what COPY makes of the file. */
async function expectSameAsCopy(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('CREATE TABLE public.same (LIKE staging.large)');
    await client.query('ALTER TABLE public.same DROP _run_id, DROP _row');
    const copy = client.query(copyFrom('COPY public.same FROM STDIN (FORMAT csv, HEADER)'));
    await pipeline(createReadStream(large), copy);
    const { rows: columns } = await client.query<{ list: string }>(
      `select string_agg(quote_ident(attname), ',' order by attnum) as list from pg_attribute
        where attrelid = 'public.same'::regclass and attnum > 0 and not attisdropped`,
    );
    const digest = (table: string) =>
      `(select sum(hashtextextended(row(${columns[0]?.list})::text, 0)::numeric) from ${table})`;
    const { rows } = await client.query(
      `select ${digest('public.same')} = ${digest('staging.large')} as same`,
    );
    expect(rows).toEqual([{ same: true }]);
    await client.query('DROP TABLE public.same');
  } finally {
    client.release();
  }
}
