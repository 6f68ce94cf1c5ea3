import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { examine } from '../src/doctor/examine.ts';
import type { Model } from './model.ts';
import { MODELS, type World } from './world.ts';

/** From the last fault to the last file. */
const QUIET_MS = 120_000;
/** At rest for so many looks, 0.1 s apart: several rescans, for what grew after it was moved is found by those. */
const CALM_LOOKS = 12;
/** From quiet to the models. */
const MODELS_MS = 60_000;

/** Waits until every file in the imports folder has an outcome. Throws when that takes too long. */
export async function untilQuiet(world: World): Promise<void> {
  const deadline = Date.now() + QUIET_MS;
  for (let calm = 0; calm < CALM_LOOKS; ) {
    // The server may be recovering still.
    calm = (await isQuiet(world).catch(() => false)) ? calm + 1 : 0;
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
  for (const { file, from, rows, certainty, dataset, rejects: bad } of model.deliveries) {
    let there = 0;
    for (let id = from; id < from + rows; id++) {
      expected.add(id);
      if (found.get(id) === dataset) there++;
    }
    rejects += bad;
    const right = there === rows || (certainty === 'all-or-none' && there === 0);
    if (!right) problems.push(`${file}: ${there} of ${rows} rows (from ${from}) are in ${dataset}`);
  }
  for (const [id, dataset] of found) {
    if (!expected.has(id)) problems.push(`row ${id} in ${dataset} belongs to no delivery`);
    if (problems.length > 20) break;
  }
  problems.push(...(await countProblems(world, rejects)));
  problems.push(...(await heldProblems(world, model)));
  problems.push(...(await modelProblems(world)));
  problems.push(...(await exportProblems(world)));
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

async function countProblems(world: World, rejects: number): Promise<string[]> {
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

/** What waits for a decision, and nothing else. */
async function heldProblems({ pool }: World, model: Model): Promise<string[]> {
  const sql = "select name from sluice.source_file where status = 'held' order by name";
  const { rows } = await pool.query<{ name: string }>(sql);
  const found = rows.map(({ name }) => name).join(', ');
  const expected = [...model.held.keys()].sort().join(', ');
  return found === expected ? [] : [`held are «${found}», and not «${expected}»`];
}

/** The warehouse follows by itself, a moment later. */
async function modelProblems({ pool }: World): Promise<string[]> {
  const problems: string[] = [];
  for (const name of Object.keys(MODELS)) {
    const parent = await pool.query(`select to_regclass('staging.${name}') is not null as there`);
    if (parent.rows[0]?.there !== true) continue;
    const rowsOf = (table: string) =>
      `select coalesce(sum(hashtext(id::text || name::text)::bigint), 0) || ' of ' || count(*) from ${table}`;
    const sql = `select (${rowsOf(`staging.${name}`)}) as wanted, (${rowsOf(`datawarehouse.${name}`)}) as found`;
    const deadline = Date.now() + MODELS_MS;
    let told = '';
    for (let equal = false; !equal; await sleep(100)) {
      const rows = await pool.query<{ wanted: string; found: string }>(sql).then(
        (result) => result.rows,
        () => [],
      );
      equal = rows[0] !== undefined && rows[0].wanted === rows[0].found;
      told = `the model ${name} holds ${rows[0]?.found ?? 'nothing'} rows, the dataset ${rows[0]?.wanted}`;
      if (!equal && Date.now() > deadline) {
        problems.push(told);
        break;
      }
    }
  }
  return problems;
}

/** A file with a manifest is the one that the manifest speaks of. */
async function exportProblems({ exports: folder }: World): Promise<string[]> {
  const file = join(folder, 'files.csv');
  const manifest = await readFile(`${file}.manifest.json`, 'utf8').catch(() => null);
  if (manifest === null) return [];
  const { sha256 } = JSON.parse(manifest) as { sha256: string };
  const found = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  return found === sha256 ? [] : ['files.csv is not what its manifest says'];
}
