// Measures transforms, checks and the built-in example: `npm run bench -- warehouse CASE…`, see CONTRIBUTING.md.
import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { loadSettings } from '../src/config/load-settings.ts';
import { openPool } from '../src/db/pool.ts';
import { transform } from '../src/pipelines/transform/transformer.ts';
import { environment } from './contenders/peer.ts';
import { BenchDatabase } from './database.ts';
import { runCommand } from './measure/run-command.ts';
import { median } from './measure/statistics.ts';
import { startLocal } from './servers/local.ts';

const PROGRAM = join(import.meta.dirname, '../bin/sluice');
const TITLES = join(import.meta.dirname, '../test/fixtures/public/2019_free_title_data.csv');
const NEW_ROWS = 10_000;
const POLL_MS = 5;
const PATIENCE_MS = 30_000;

interface Bench {
  readonly folder: string;
  readonly database: BenchDatabase;
  readonly rows: number;
  readonly runs: number;
  readonly fullRuns: number;
}

/** Seconds by what was measured. */
type Times = Readonly<Record<string, readonly number[]>>;

const SELECT = 'select id, customer, amount, day, _run_id, _row from {{ staging.history }}';
const MODELS: Readonly<Record<string, string>> = {
  incremental: `-- @materialized incremental\n${SELECT}`,
  merge: `-- @materialized merge\n-- @key id\n${SELECT}`,
  dimension: '-- @dimension staging.history.customer',
};

const CASES: Readonly<Record<string, (bench: Bench) => Promise<Times>>> = {
  incremental: (bench) => measureModel(bench, 'incremental'),
  merge: (bench) => measureModel(bench, 'merge'),
  dimension: (bench) => measureModel(bench, 'dimension'),
  checks: measureChecks,
  titles: measureTitles,
};

/** One new file of 10,000 rows over a history, and everything from the start. */
async function measureModel(bench: Bench, name: string): Promise<Times> {
  const { folder, database, rows, runs, fullRuns } = bench;
  await writeFile(join(folder, 'history.csv'), csv(0, rows));
  // Loaded where there are no models, so that what is measured is the transform alone.
  await sluice(bench, ['load', 'history.csv']);
  await mkdir(join(folder, 'models'), { recursive: true });
  await writeFile(join(folder, 'models', 'measured.sql'), MODELS[name] ?? '');
  const env = { DATABASE_URL: database.url, WAREHOUSE_DIR: join(folder, 'models') };
  const settings = await loadSettings({ env, cwd: folder });
  const pool = openPool(database.url, { max: 4, applicationName: 'sluice bench' });
  const made = async (whole: boolean) => {
    const { signal } = new AbortController();
    const started = performance.now();
    const [result] = await transform(pool, settings, {
      ...{ trigger: 'command', names: ['measured'], whole, signal },
    } as const);
    if (result?.status !== 'built') throw result?.error ?? new Error('nothing was made');
    return (performance.now() - started) / 1000;
  };
  const times = { first: [await made(false)], 'new file': [] as number[], everything: [] as number[] };
  for (let run = 0; run < runs; run++) {
    const file = `history_2026-01-${10 + run}.csv`;
    await writeFile(join(folder, file), csv(rows + run * NEW_ROWS, NEW_ROWS));
    await sluice(bench, ['load', file]);
    times['new file'].push(await made(false));
    if (run < fullRuns) times.everything.push(await made(true));
  }
  await pool.end();
  return times;
}

/** The same file loaded with and without checks. */
async function measureChecks(bench: Bench): Promise<Times> {
  const { folder, database, rows, runs } = bench;
  await writeFile(join(folder, 'history.csv'), csv(0, rows));
  const checks = [
    { check: 'not_null', columns: 'id' },
    { check: 'unique', columns: 'id' },
  ];
  const kinds = { 'without checks': [], 'not_null and unique': checks };
  const times: Record<string, number[]> = {};
  for (let run = 0; run < runs; run++) {
    for (const [name, wanted] of Object.entries(kinds)) {
      await database.reset();
      await configure(folder, [{ name: 'history', match: 'history*.csv', checks: wanted }]);
      await sluice(bench, ['schema']);
      times[name] = [...(times[name] ?? []), await sluice(bench, ['load', 'history.csv'])];
    }
  }
  return times;
}

/** From the moment at which the titles file has settled until the last view says something. */
async function measureTitles({ folder, database, runs }: Bench): Promise<Times> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    await database.reset();
    await rm(join(folder, 'imports'), { recursive: true, force: true });
    const service = spawn(PROGRAM, ['start'], { cwd: folder, env: envOf(database), stdio: 'pipe' });
    const closed = new Promise((resolve) => service.once('close', resolve));
    let said = '';
    for (const stream of [service.stdout, service.stderr])
      stream.on('data', (text) => (said += String(text)));
    try {
      await until(
        () => said.includes('ready'),
        () => said,
      );
      await copyFile(TITLES, join(folder, 'imports', '2019_free_title_data.csv'));
      const view = "select to_regclass('datawarehouse.top_related_titles') is not null as there";
      await until(
        async () => (await database.rows<{ there: boolean }>(view))[0]?.there === true,
        () => said,
      );
      const [row] = await database.rows<{ seconds: number }>(
        `select extract(epoch from clock_timestamp() - max(settled_at))::float8 as seconds
           from sluice.source_file, (select count(*) from datawarehouse.top_related_titles) c`,
      );
      times.push(row?.seconds ?? Number.NaN);
    } finally {
      service.kill('SIGTERM');
      await closed;
    }
  }
  return { 'settled to views': times };
}

async function until(holds: () => boolean | Promise<boolean>, said: () => string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`nothing came of it:\n${said()}`);
    await sleep(POLL_MS);
  }
}

/** Seconds. */
async function sluice({ folder, database }: Bench, args: readonly string[]): Promise<number> {
  const command = { file: PROGRAM, args, cwd: folder, env: envOf(database) };
  const ended = await runCommand(command, new AbortController().signal);
  if (ended.exitCode !== 0) throw new Error(`sluice ${args.join(' ')}: ${ended.stderr}`);
  return ended.seconds;
}

function envOf({ url }: BenchDatabase): Record<string, string> {
  return { ...environment(), DATABASE_URL: url };
}

function configure(folder: string, datasets: readonly object[]): Promise<void> {
  const text = `export default { datasets: ${JSON.stringify(datasets)} };\n`;
  return writeFile(join(folder, 'sluice.config.mjs'), text);
}

function* csv(from: number, rows: number): Generator<string> {
  yield 'id,customer,amount,day\n';
  for (let at = from; at < from + rows; at += NEW_ROWS) {
    let text = '';
    for (let id = at; id < Math.min(at + NEW_ROWS, from + rows); id++) {
      text += `${id},customer ${(id * 7919) % 50_000},${id % 1000}.25,2026-01-${10 + (id % 20)}\n`;
    }
    yield text;
  }
}

async function main(): Promise<void> {
  const program = new Command('bench warehouse')
    .argument('<cases...>', Object.keys(CASES).join(', '))
    .option('--rows <n>', 'of the history, or of the file that is checked', Number, 5_000_000)
    .option('--runs <n>', 'of each', Number, 5)
    .option('--full-runs <n>', 'of making everything', Number, 5)
    .option('--pg-bin <folder>', 'of an installed Postgres', '/usr/lib/postgresql/15/bin')
    .parse(process.argv.slice(3), { from: 'user' });
  const options = program.opts<{ rows: number; runs: number; fullRuns: number; pgBin: string }>();
  const server = await startLocal(options.pgBin);
  const database = await BenchDatabase.create(server.url);
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-warehouse-'));
  try {
    for (const name of program.args) {
      const measure = CASES[name];
      if (measure === undefined) throw new Error(`${name} is not a case: ${Object.keys(CASES).join(', ')}`);
      await database.reset();
      await configure(folder, [{ name: 'history', match: 'history*.csv' }]);
      const times = await measure({ folder, database, ...options });
      for (const [what, seconds] of Object.entries(times)) {
        const shown = seconds.map((one) => one.toFixed(3)).join(' ');
        process.stdout.write(`${name}, ${what}: median ${median(seconds).toFixed(3)} s (${shown})\n`);
      }
    }
  } finally {
    await database.drop();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
