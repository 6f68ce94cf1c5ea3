import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { examine } from '../src/doctor/examine.ts';
import type { Model } from './model.ts';
import type { World } from './world.ts';

/** From the last fault to the last file. */
const QUIET_MS = 120_000;
/** At rest for so many looks, 0.1 s apart: several rescans, for what grew after it was moved is found by those. */
const CALM_LOOKS = 12;

/** Waits until every file in the imports folder has an outcome. Throws when that takes too long. */
export async function untilQuiet(world: World): Promise<void> {
  const deadline = Date.now() + QUIET_MS;
  for (let calm = 0; calm < CALM_LOOKS; ) {
    calm = (await isQuiet(world)) ? calm + 1 : 0;
    if (Date.now() > deadline)
      throw new Error(`not at rest after ${QUIET_MS / 1000} s: ${await whatWaits(world)}`);
    await sleep(100);
  }
}

async function isQuiet(world: World): Promise<boolean> {
  if (!world.ready || (await waitingFiles(world)).length > 0) return false;
  const { rows } = await world.pool.query<{ n: number }>(
    'select count(*) as n from sluice.source_file where finished_at is null or outcome_done_at is null',
  );
  return rows[0]?.n === 0;
}

async function waitingFiles({ imports }: World): Promise<string[]> {
  const names = await readdir(imports);
  return names.filter((name) => !['processed', 'failed', 'held'].includes(name));
}

async function whatWaits(world: World): Promise<string> {
  const { rows } = await world.pool.query(
    'select name, status, waiting_for, attempts from sluice.source_file where finished_at is null or outcome_done_at is null',
  );
  return JSON.stringify({ files: await waitingFiles(world), ledger: rows });
}

/** Everything that differs between the model and what is there. */
export async function differences(world: World, model: Model): Promise<string[]> {
  const problems: string[] = [];
  const found = await readIds(world);
  const expected = new Set<number>();
  let rejects = 0;
  for (const [name, { from, rows, certainty, dataset, rejects: bad }] of model.deliveries) {
    let there = 0;
    for (let id = from; id < from + rows; id++) {
      expected.add(id);
      if (found.get(id) === dataset) there++;
    }
    rejects += bad;
    const right = there === rows || (certainty === 'all-or-none' && there === 0);
    if (!right) problems.push(`${name}: ${there} of ${rows} rows are in ${dataset}`);
  }
  for (const [id, dataset] of found) {
    if (!expected.has(id)) problems.push(`row ${id} in ${dataset} belongs to no delivery`);
    if (problems.length > 20) break;
  }
  problems.push(...(await countProblems(world, found.size, rejects)));
  const settings = { importsDir: world.imports, exportsDir: world.exports, stagingSchema: 'staging' };
  for (const { findings } of await examine({ pool: world.pool, settings })) {
    problems.push(...findings.map(({ check, subject, problem }) => `${check}: ${subject}: ${problem}`));
  }
  return problems;
}

const TABLES = `
  select n.nspname || '.' || c.relname as name, c.relname as dataset from sluice.dataset d
    join pg_namespace n on n.nspname = d.parent_schema join pg_class c on c.relnamespace = n.oid and c.relname = d.parent_table`;

/** Every id that is there with its dataset; its other values must follow from it. */
async function readIds({ pool }: World): Promise<Map<number, string>> {
  const ids = new Map<number, string>();
  const { rows: tables } = await pool.query<{ name: string; dataset: string }>(TABLES);
  for (const { name, dataset } of tables) {
    const { rows } = await pool.query<{ ids: number[]; wrong: number }>(
      `select coalesce(array_agg(id::float8), '{}') as ids,
              count(*) filter (where name <> 'name, of ' || id::bigint * 7919 or amount::numeric <> id::bigint % 1000 + 0.25) as wrong
         from ${name}`,
    );
    if ((rows[0]?.wrong ?? 0) > 0)
      throw new Error(`${rows[0]?.wrong} rows of ${name} hold other values than were sent`);
    for (const id of rows[0]?.ids ?? []) {
      if (ids.has(id)) throw new Error(`row ${id} is there twice, in ${ids.get(id)} and ${dataset}`);
      ids.set(id, dataset);
    }
  }
  return ids;
}

async function countProblems(world: World, _rows: number, rejects: number): Promise<string[]> {
  const { rows } = await world.pool.query<{ rejects: number; orphans: number }>(
    `select (select count(*) from sluice.reject x join sluice.run r using (run_id) where r.status = 'published') as rejects,
            (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where n.nspname = 'staging_segments' and c.relkind in ('r', 'S')
                and not exists (select from pg_inherits i where i.inhrelid = c.oid)) as orphans`,
  );
  const [found] = rows;
  const problems: string[] = [];
  if (found?.rejects !== rejects) problems.push(`${found?.rejects} rejects are kept, ${rejects} were sent`);
  if (found?.orphans !== 0) problems.push(`${found?.orphans} segments are left over`);
  const exported = await readdir(world.exports, { recursive: true });
  problems.push(...exported.filter((name) => name.endsWith('.tmp')).map((name) => `${name} is left over`));
  return problems;
}
