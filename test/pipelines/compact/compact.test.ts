import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { examine } from '../../../src/doctor/examine.ts';
import { compact } from '../../../src/pipelines/compact/compact.ts';
import type { Compacted } from '../../../src/pipelines/compact/compacted.ts';
import { Engine } from '../load/engine.ts';

/** More than one block, so that the rows of a file lie in two segments. */
const ROWS = 4_700;

let engine: Engine;
beforeEach(async () => {
  engine = await Engine.open({ LANES: '2' });
});
afterEach(() => engine.close());

it('folds segments into one table while readers count the same rows all the time', async () => {
  await loadLarge(3);
  await engine.load('facts_2026-11-09.csv', textOf(9, 10));
  const all = 3 * ROWS + 10;
  const counts = await whileCounting(4, async () => {
    expect(await fold()).toMatchObject([
      { status: 'compacted', versionTable: 'staging.facts__v1', segments: 6, rows: 3 * ROWS },
    ]);
  });
  expect(new Set(counts)).toEqual(new Set([all]));
  expect(await segments()).toEqual([expect.stringMatching(/^m\d+_\d+$/)]);
  expect(await engine.value('select count(distinct (_run_id, _row)) from staging.facts')).toBe(all);
  expect(await findings()).toEqual([]);
  expect(await fold()).toEqual([]);
});

it('takes a folded run back exactly: by its rows as long as others lie in the table, then with the table', async () => {
  const runs = await loadLarge(2);
  const [first, second] = runs as [number, number];
  await fold();
  const retracted = await engine.retract(first);
  expect(retracted.tables).toEqual([{ table: 'staging.facts__v1', rows: ROWS, segments: 0 }]);
  expect(await engine.query('select distinct _run_id as run from staging.facts')).toEqual([{ run: second }]);
  expect(await findings()).toEqual([]);
  const replayed = await engine.replay(second);
  expect(replayed).toMatchObject({ status: 'published' });
  expect(await engine.value('select count(*) from staging.facts')).toBe(ROWS);
  expect(await segments()).not.toContainEqual(expect.stringMatching(/^m/));
  expect(await findings()).toEqual([]);
});

it('waits for transactions that began before the copy, which would see neither the old table nor the new rows', async () => {
  await loadLarge(2);
  await inSession(async (reader) => {
    await reader.query('begin isolation level repeatable read; select 1');
    const folding = fold();
    await untilMerged();
    await sleep(300);
    const { rows } = await reader.query<{ n: number }>('select count(*) as n from staging.facts');
    expect(rows).toEqual([{ n: 2 * ROWS }]);
    await reader.query('commit; begin isolation level repeatable read; select 1');
    expect(await folding).toMatchObject([{ status: 'compacted' }]);
    const { rows: later } = await reader.query<{ n: number }>('select count(*) as n from staging.facts');
    expect(later).toEqual([{ n: 2 * ROWS }]);
    await reader.query('commit');
  });
});

it('gives way to a retract, and leaves everything as it was', async () => {
  const [first] = (await loadLarge(2)) as [number];
  await inSession(async (idle) => {
    await idle.query('begin isolation level repeatable read; select 1');
    const folding = fold();
    await untilMerged();
    await engine.retract(first);
    expect(await engine.value('select count(*) from staging.facts')).toBe(ROWS);
    await idle.query('commit');
    await folding;
  });
  expect(await engine.value('select count(*) from staging.facts')).toBe(ROWS);
  expect(await engine.orphans()).toEqual([]);
  expect(await findings()).toEqual([]);
});

it('folds by age and number, folds what is folded again, and leaves what others refer to', async () => {
  await loadLarge(3);
  const all = 3 * ROWS;
  expect(await fold({ olderThanDays: 1 })).toEqual([]);
  expect(await fold({ keep: 4 })).toMatchObject([{ segments: 2 }]);
  expect(await segments()).toHaveLength(5);
  const [other] = await engine.query<{ segment: string }>(
    "select s as segment from sluice.load_job, unnest(segments) s where s like 'r%' order by s limit 1",
  );
  await engine.query(`create view public.peek as select id from staging_segments."${other?.segment}"`);
  await engine.query('create index facts_by_id on staging.facts__v1 (id)');
  await engine.query('create unique index facts_once on staging.facts__v1 (id)');
  expect(await fold()).toMatchObject([{ status: 'compacted', segments: 3 }]);
  expect(await segments()).toHaveLength(3);
  expect(await engine.value('select count(*) from staging.facts')).toBe(all);
  const [table] = await engine.query<{ name: string }>(
    "select s as name from sluice.load_job, unnest(segments) s where s like 'm%' limit 1",
  );
  const indexes = await engine.query<{ what: string }>(
    "select regexp_replace(indexdef, '^.* USING ', '') as what from pg_indexes where schemaname = 'staging_segments' and tablename = $1",
    [table?.name],
  );
  expect(indexes.map(({ what }) => what).sort()).toEqual(['brin (_run_id)', 'btree (id)']);
  await engine.query('drop view public.peek');
});

it('refuses to fold rows that the ledger has not counted', async () => {
  await loadLarge(1);
  await engine.query('delete from staging.facts where _row = 7');
  expect(await fold()).toMatchObject([{ status: 'failed', errorCode: 'COMPACTION_MISCOUNTED' }]);
  expect(await segments()).toHaveLength(2);
  expect(await engine.orphans()).toEqual([]);
});

function fold(rule: Partial<{ olderThanDays: number; keep: number }> = {}): Promise<Compacted[]> {
  return compact(engine.database.pool, {
    ...{ stagingSchema: 'staging', dataset: 'facts', plan: false, signal: new AbortController().signal },
    rule: { olderThanDays: 0, keep: 0, ...rule },
  });
}

async function loadLarge(files: number): Promise<number[]> {
  const runs: number[] = [];
  for (let at = 0; at < files; at++) {
    const outcome = await engine.load(`imports/facts_2026-11-0${at + 1}.csv`, textOf(at, ROWS));
    expect(outcome).toMatchObject({ status: 'published' });
    runs.push(outcome.runId);
  }
  return runs;
}

function textOf(at: number, rows: number): string {
  let text = 'id,note\n';
  for (let id = 1; id <= rows; id++) text += `${at * 100_000 + id},${'x'.repeat(1_000)}\n`;
  return text;
}

/** What readers count while something is done; each of their statements is planned anew. */
async function whileCounting(readers: number, work: () => Promise<void>): Promise<number[]> {
  const counts: number[] = [];
  let reading = true;
  const all = Array.from({ length: readers }, async () => {
    while (reading) {
      counts.push(await engine.value<number>('select count(*) from staging.facts'));
      await sleep(2);
    }
  });
  try {
    await work();
  } finally {
    reading = false;
    await Promise.all(all);
  }
  return counts;
}

async function inSession(work: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await engine.database.pool.connect();
  try {
    await work(client);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/** Until the folded table is filled. */
async function untilMerged(): Promise<void> {
  const there = "select count(*) from pg_class where relname ~ '^m[0-9]+_[0-9]+$'";
  for (let look = 0; look < 400 && (await engine.value(there)) === 0; look++) await sleep(25);
  expect(await engine.value(there)).toBe(1);
}

async function segments(): Promise<string[]> {
  const rows = await engine.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = 'staging_segments'::regnamespace and relkind = 'r' order by 1",
  );
  return rows.map(({ name }) => name);
}

async function findings(): Promise<unknown[]> {
  const { root, database } = engine;
  const settings = {
    importsDir: `${root}/imports`,
    exportsDir: `${root}/exports`,
    stagingSchema: 'staging',
  };
  const found = await examine({ pool: database.pool, settings });
  return found.flatMap((one) => one.findings);
}
