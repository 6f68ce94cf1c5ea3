import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { csvText } from '../generated.ts';
import { Engine } from '../pipelines/load/engine.ts';

/** More than one block, so that the rows lie in segments. */
const LARGE = { rows: 5_000, rowBytes: 1_000 };

let engine: Engine;
afterEach(() => engine.close());

it.each([1, 2])(
  'I6 undo is exact: after any sequence of loads and retracts, staging is what the remaining files make it (seed %i)',
  async (seed) => {
    engine = await Engine.open({ LANES: '2' });
    const random = generator(seed);
    const published = new Map<number, Rows>();
    for (let step = 0; step < 24; step++) {
      if (published.size > 0 && random(3) === 0) {
        const runId = [...published.keys()][random(published.size)] as number;
        const gone = published.get(runId);
        const retracted = await engine.retract(runId);
        const rows = retracted.tables.reduce((sum, table) => sum + table.rows, 0);
        expect(rows).toBe(gone?.count);
        published.delete(runId);
      } else {
        const runId = await loadSomething(random, step);
        published.set(runId, (await rowsByRun()).get(runId) as Rows);
      }
      expect(await rowsByRun()).toEqual(published);
    }
    expect(await engine.orphans()).toEqual([]);
    const segments = 'select coalesce(sum(cardinality(segments)), 0) from sluice.load_job where status = $1';
    const there = `select count(*) from pg_class where relnamespace = 'staging_segments'::regnamespace and relkind = 'r'`;
    expect(await engine.value(there)).toBe(await engine.value(`${segments}`, ['published']));
  },
);

it('I6 undo is exact: corrections go with the run they joined, and their files with its file', async () => {
  engine = await Engine.open({ REJECT_LIMIT: 'none' });
  const other = await engine.load('imports/cities_2026-11-20.csv', 'id,name\n7,Oslo\n8,Rome\n');
  const loaded = await engine.load('imports/cities.csv', 'id,name\n1,Bern\n2\n3,Paris\n4,x,y\n');
  const reject = `cities.csv.${loaded.runId}.csv`;
  expect(await readFile(join(engine.root, 'exports/rejects', reject), 'utf8')).toBe('id,name\n2\n4,x,y\n');
  const correction = await engine.load(`imports/${reject}`, 'id,name\n2,Graz\n4,x,y\n');
  expect(correction.isCorrection).toBe(true);
  expect(await ids()).toEqual([1, 2, 3, 7, 8]);
  await expect(engine.retract(correction.runId)).rejects.toMatchObject({ code: 'RUN_IS_CORRECTION' });

  await engine.retract(loaded.runId);
  expect(await ids()).toEqual([7, 8]);
  expect(
    await engine.query('select name, status, final_path from sluice.source_file order by file_id'),
  ).toEqual([
    {
      name: 'cities_2026-11-20.csv',
      status: 'published',
      final_path: expect.stringMatching(/^processed\/\d/),
    },
    { name: 'cities.csv', status: 'retracted', final_path: 'processed/retracted/cities.csv' },
    { name: reject, status: 'retracted', final_path: `processed/retracted/${reject}` },
  ]);
  expect(await engine.query('select run_id, status from sluice.run order by run_id')).toEqual([
    { run_id: other.runId, status: 'published' },
    { run_id: loaded.runId, status: 'retracted' },
    { run_id: correction.runId, status: 'retracted' },
  ]);
  expect(await engine.rejects(loaded.runId)).toEqual([]);
  await expect(readFile(join(engine.root, 'exports/rejects', reject))).rejects.toThrow('ENOENT');
  const late = await engine.load(`imports/${reject}`, 'id,name\n4,Linz\n5,Ulm\n');
  expect(late).toMatchObject({ status: 'failed', errorCode: 'CORRECTION_REFUSED' });
});

it('I6 undo is exact: the same content can be published again after a retract, and retracted again', async () => {
  engine = await Engine.open();
  const text = 'id,name\n1,Bern\n';
  const first = await engine.load('imports/cities.csv', text);
  expect(await engine.load('imports/cities.csv', text)).toMatchObject({ status: 'duplicate' });
  await engine.retract(first.runId);
  const second = await engine.load('imports/cities.csv', text);
  expect(second).toMatchObject({ status: 'published' });
  expect(await ids()).toEqual([1]);
  await expect(engine.retract(first.runId)).rejects.toMatchObject({ code: 'RUN_RETRACTED' });
  await engine.retract(second.runId);
  expect(await ids()).toEqual([]);
  const failed = await engine.load('imports/none.csv', '');
  await expect(engine.retract(failed.runId)).rejects.toMatchObject({ code: 'RUN_NOT_PUBLISHED' });
});

interface Rows {
  readonly count: number;
  readonly sha: string;
}

/** Everything that is in staging, by run: how many rows, and a hash of them in their order. */
async function rowsByRun(): Promise<Map<number, Rows>> {
  const all = new Map<number, Rows>();
  const parents = await engine.query<{ parent: string }>(
    "select format('%I.%I', parent_schema, parent_table) as parent from sluice.dataset",
  );
  for (const { parent } of parents) {
    const rows = await engine.query<Rows & { run: number }>(
      `select _run_id as run, count(*) as count, md5(string_agg(t::text, e'\\n' order by _row)) as sha
         from ${parent} t group by _run_id`,
    );
    for (const { run, count, sha } of rows) all.set(run, { count, sha });
  }
  return all;
}

/** One of: a small file, a large one, one with other columns, one with rejects of which some are corrected. */
async function loadSomething(random: (below: number) => number, step: number): Promise<number> {
  const from = 1 + step * 1_000_000;
  const kind = random(10);
  if (kind === 0) return load(`orders_${step}.csv`, largeText(from));
  if (kind < 4) return load(`orders_${step}.csv`, csvText(1 + random(50), from));
  if (kind < 6) return load(`orders_${step}.csv`, `id,name,amount,extra\n${from},"x",1.5,more\n`);
  if (kind < 8) return load(`notes_${step}.csv`, `id;note\n${from};x\n${from + 1};y\n`);
  const runId = await load(
    `cities_${step}.csv`,
    `id,name\n${from},a\n2\n3,b\n4,c\n5,d\n6,e\n7,f\n8,g\n9,h\n10,i\n`,
  );
  const correction = await engine.load(`cities_${step}.csv.${runId}.csv`, `id,name\n2,corrected ${step}\n`);
  expect(correction).toMatchObject({ status: 'published', isCorrection: true });
  return runId;
}

function largeText(from: number): string {
  let text = 'id,name,amount\n';
  for (let at = 0; at < LARGE.rows; at++) text += `${from + at},${'x'.repeat(LARGE.rowBytes)},1.5\n`;
  return text;
}

async function load(name: string, text: string): Promise<number> {
  const outcome = await engine.load(name, text);
  expect(outcome).toMatchObject({ status: 'published' });
  return outcome.runId;
}

async function ids(): Promise<number[]> {
  const rows = await engine.query<{ id: number }>('select id from staging.cities order by id');
  return rows.map(({ id }) => id);
}

/** A linear congruential generator: the same numbers for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}
