import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KEEP_FOREVER, type KeepRule } from '../../src/config/keep-rule.ts';
import type { UpkeepSettings } from '../../src/config/upkeep-settings.ts';
import { examine } from '../../src/doctor/examine.ts';
import type { KeptUp } from '../../src/upkeep/kept-up.ts';
import { upkeep, upkeepLine } from '../../src/upkeep/upkeep.ts';
import { Engine } from '../pipelines/load/engine.ts';

const DAY_MS = 86_400_000;
const DAYS_30: KeepRule = { days: 30, bytes: null };
const NO_RULES: UpkeepSettings = {
  ...{ schedule: '30 3 * * *', compactDays: null, compactKeep: null },
  ...{ processed: KEEP_FOREVER, failed: KEEP_FOREVER, receipts: KEEP_FOREVER },
  ...{ rejects: KEEP_FOREVER, logs: KEEP_FOREVER, ledger: KEEP_FOREVER },
};

let engine: Engine;
beforeEach(async () => {
  engine = await Engine.open({ REJECT_LIMIT: 'none' });
});
afterEach(() => engine.close());

it('deletes nothing without a rule, however old it is, but for what interrupted writes have left', async () => {
  await engine.load('imports/orders.csv', 'id\n1\n');
  await makeOlder(1_000);
  const temporary = `exports/receipts/.${'0'.repeat(32)}.tmp`;
  await writeFile(join(engine.root, temporary), '');
  await makeOlder(1_000);
  const before = await everything();
  const done = await keepUp({});
  expect(await everything()).toEqual(before.filter((file) => file !== temporary));
  expect(upkeepLine(done)).toBe('upkeep: 1 temporary files');
});

it('deletes old source files, receipts and reject files, but for what somebody needs', async () => {
  const gone = await engine.load('imports/gone.csv', 'id\n1\n');
  const kept = await engine.value<string>('select final_path from sluice.source_file');
  await writeFile(join(engine.root, `imports/${kept}.sha256`), '');
  const open = await engine.load('imports/open.csv', 'id,name\n1,a\n2\n3,c\n');
  const failed = await engine.load('imports/failed.csv', '');
  await writeFile(join(engine.root, 'imports/processed/foreign.csv'), 'somebody put it here\n');
  await makeOlder(40);
  const young = await engine.load('imports/young.csv', 'id\n7\n');
  const rules = { processed: DAYS_30, failed: DAYS_30, receipts: DAYS_30, rejects: DAYS_30 };

  const before = await everything();
  expect(counts(await keepUp(rules, true))).toEqual({
    ...{ 'processed files': 1, 'failed files': 1, receipts: 3, 'reject files': 0, 'temporary files': 0 },
  });
  expect(await everything()).toEqual(before);

  const done = await keepUp(rules);
  expect(done.find(({ what }) => what === 'processed files')).toMatchObject({
    count: 1,
    bytes: 5,
    needed: 1,
  });
  expect(done.find(({ what }) => what === 'reject files')).toMatchObject({ count: 0, needed: 2 });
  const left = (await everything()).map((file) => file.replace(/\d{4}-\d{2}-\d{2}/, 'DATE'));
  expect(left.sort()).toEqual([
    `exports/receipts/young.csv.${young.runId}.json`,
    `exports/rejects/open.csv.${open.runId}.csv`,
    `exports/rejects/open.csv.${open.runId}.reasons.csv`,
    'imports/processed/DATE/open.csv',
    'imports/processed/DATE/young.csv',
    'imports/processed/foreign.csv',
  ]);
  await expect(engine.replay(gone.runId)).rejects.toMatchObject({ code: 'KEPT_FILE_REMOVED' });
  await expect(engine.replay(failed.runId)).rejects.toMatchObject({ code: 'KEPT_FILE_REMOVED' });
  expect(await engine.load('imports/gone again.csv', 'id\n1\n')).toMatchObject({ status: 'duplicate' });
  await engine.retract(gone.runId);
  expect(await engine.value('select count(*) from staging.gone')).toBe(0);
  expect(await findings()).toEqual([]);
});

it('deletes files whose names leave no room for the suffix of a sidecar', async () => {
  await engine.load(`imports/${'x'.repeat(251)}.csv`, 'id\n1\n');
  await makeOlder(40);
  const done = await keepUp({ processed: DAYS_30 });
  expect(done.find(({ what }) => what === 'processed files')).toMatchObject({ count: 1, errors: [] });
  expect(await names('imports/processed')).toEqual([]);
});

it('keeps the newest files when there are too many bytes, and none that is younger than two days is taken for that', async () => {
  for (const name of ['a', 'b', 'c']) {
    await engine.load(`imports/${name}.csv`, `id\n${name.repeat(10)}\n`);
    await makeOlder(3);
  }
  await engine.load('imports/d.csv', `id\n${'d'.repeat(10)}\n`);
  expect(counts(await keepUp({ processed: { days: null, bytes: 30 } }))).toMatchObject({
    'processed files': 2,
  });
  expect(await names('imports/processed')).toEqual(['c.csv', 'd.csv']);
  expect(counts(await keepUp({ processed: { days: null, bytes: 1 } }))).toMatchObject({
    'processed files': 1,
  });
  expect(await names('imports/processed')).toEqual(['d.csv']);
});

it('forgets what was not published and is gone, and never what the promises rest on', async () => {
  const kept = await engine.load('imports/kept.csv', 'id\n1\n');
  const duplicate = await engine.load('imports/copy.csv', 'id\n1\n');
  const failed = await engine.load('imports/failed.csv', '');
  const replaced = await engine.load('imports/grown.csv', 'id\n1\n2\n');
  const grown = await engine.load('imports/grown.csv', 'id\n1\n2\n3\n');
  expect([duplicate.status, failed.status, grown.status]).toEqual(['duplicate', 'failed', 'published']);
  await makeOlder(40);
  const ledger = { days: 30, bytes: null };
  expect(counts(await keepUp({ ledger }))).toMatchObject({ 'ledger entries': 0 });
  const rules = { processed: DAYS_30, failed: DAYS_30, ledger };
  expect(counts(await keepUp(rules))).toMatchObject({ 'processed files': 4, 'ledger entries': 2 });
  expect(await engine.query('select run_id as run from sluice.run order by 1')).toEqual([
    { run: kept.runId },
    // The first run of its table, and the one that took its place.
    { run: replaced.runId },
    { run: grown.runId },
  ]);
  expect(await engine.load('imports/copy.csv', 'id\n1\n')).toMatchObject({ status: 'duplicate' });
  expect(await engine.value('select count(*) from staging.grown')).toBe(3);
  expect(await findings()).toEqual([]);
});

function keepUp(rules: Partial<UpkeepSettings>, plan = false): Promise<KeptUp[]> {
  const { root, database } = engine;
  const settings = {
    ...{ importsDir: join(root, 'imports'), exportsDir: join(root, 'exports'), logsDir: join(root, 'logs') },
    ...{ stagingSchema: 'staging', datasets: [], upkeep: { ...NO_RULES, ...rules } },
  };
  return upkeep({ pool: database.pool, settings, plan, signal: new AbortController().signal });
}

function counts(done: readonly KeptUp[]): Record<string, number> {
  return Object.fromEntries(
    done.filter(({ what }) => what !== 'detached segments').map(({ what, count }) => [what, count]),
  );
}

/** As if all that there is had come so many days earlier. */
async function makeOlder(days: number): Promise<void> {
  for (const column of ['finished_at', 'outcome_done_at']) {
    await engine.query(
      `update sluice.source_file set ${column} = ${column} - make_interval(days => $1) where ${column} is not null`,
      [days],
    );
  }
  const then = new Date(Date.now() - days * DAY_MS);
  for (const file of await everything()) await utimes(join(engine.root, file), then, then);
}

async function everything(): Promise<string[]> {
  const files: string[] = [];
  for (const folder of ['exports', 'imports']) {
    for (const file of await engine.filesIn(folder)) files.push(`${folder}/${file}`);
  }
  return files.sort((a, b) => a.localeCompare(b));
}

async function names(folder: string): Promise<string[]> {
  const entries = await readdir(join(engine.root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}

async function findings(): Promise<unknown[]> {
  const { root, database } = engine;
  const folders = { importsDir: join(root, 'imports'), exportsDir: join(root, 'exports') };
  const found = await examine({ pool: database.pool, settings: { ...folders, stagingSchema: 'staging' } });
  return found.flatMap((one) => one.findings);
}
