// Measures Sluice and its peers side by side: `npm run bench`, see CONTRIBUTING.md.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchCase, selectCases } from './cases.ts';
import { BenchDatabase } from './database.ts';
import { type DataSets, prepareData } from './generate/prepare.ts';
import { type DataName, recipesFor } from './generate/recipes.ts';
import { describeCommit, describeMachine } from './machine.ts';
import { type Options, readOptions } from './options.ts';
import { findPrograms, installMissing, type Programs } from './programs.ts';
import { renderChart } from './report/chart.ts';
import type { CaseResult, Results } from './report/results.ts';
import { renderTable } from './report/table.ts';
import { runCase } from './run-case.ts';
import { openServer, type Server } from './servers/server.ts';

const DATA = join(import.meta.dirname, 'data');
/** The cases done so far, for a run that is broken off: `--render --out` shows it. */
const UNFINISHED = join(DATA, 'unfinished.json');

/** Everything but the table, which alone goes to stdout. */
function log(message: string): void {
  process.stderr.write(`${message}\n`);
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), new Date());
  const results = options.render ? await readResults(options.out) : await measure(options);
  if (!options.render) await saveResults(options.out, results);
  await writeFile(`${options.out.replace(/\.json$/, '')}.svg`, renderChart(results));
  log(`results in ${options.out}, the chart beside them`);
  process.stdout.write(`${renderTable(results)}\n`);
  const failed = results.cases.some((one) => one.entrants.some((entrant) => entrant.status === 'failed'));
  return failed ? 1 : 0;
}

async function saveResults(path: string, results: Results): Promise<void> {
  await writeFile(path, `${JSON.stringify(results, null, 2)}\n`);
}

async function readResults(path: string): Promise<Results> {
  return JSON.parse(await readFile(path, 'utf8'));
}

async function measure(options: Options): Promise<Results> {
  if (process.platform !== 'linux') throw new Error('time and memory are read from /proc: this needs Linux');
  const signal = interruption();
  const cases = selectCases(options.cases);
  const programs = await getPrograms(options);
  const dataFolder = join(DATA, String(options.rows));
  const data = await prepareData(dataFolder, recipesFor(options.rows), dataNames(cases), log);
  signal.throwIfAborted();
  const server = await openServer(options, log);
  try {
    signal.throwIfAborted();
    return await withDatabase(server, (database) =>
      measureCases(options, cases, { server, database, programs, data, dataFolder, signal }),
    );
  } finally {
    await server.stop();
  }
}

async function getPrograms({ pgBin, installPeers }: Options): Promise<Programs> {
  const found = await findPrograms(pgBin);
  if (!installPeers) return found;
  await installMissing(found);
  return findPrograms(pgBin);
}

function dataNames(cases: readonly BenchCase[]): DataName[] {
  const names = cases.flatMap((one) =>
    [one.columnsOf ?? [], ...one.entrants.map((entrant) => entrant.data)].flat(),
  );
  return [...new Set(names)];
}

async function withDatabase<T>(server: Server, work: (database: BenchDatabase) => Promise<T>): Promise<T> {
  const database = await BenchDatabase.create(server.url);
  try {
    return await work(database);
  } finally {
    await database.drop();
  }
}

interface Setup {
  readonly server: Server;
  readonly database: BenchDatabase;
  readonly programs: Programs;
  readonly data: DataSets;
  readonly dataFolder: string;
  readonly signal: AbortSignal;
}

async function measureCases(options: Options, cases: readonly BenchCase[], setup: Setup): Promise<Results> {
  const { database, programs, data, dataFolder, signal } = setup;
  const frame = await describeRun(options, setup);
  const work = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  await chmod(work, 0o755);
  const stage = { database, programs, folder: join(work, 'run'), signal };
  const rounds = { runs: options.runs, slowRuns: options.slowRuns, dataFolder, data, log };
  const measured: CaseResult[] = [];
  try {
    for (const one of cases) {
      measured.push(await runCase(one, stage, rounds));
      await saveResults(UNFINISHED, { ...frame, cases: measured });
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return { ...frame, cases: measured };
}

async function describeRun(options: Options, setup: Setup): Promise<Omit<Results, 'cases'>> {
  const settings = await setup.database.serverFacts();
  return {
    date: options.date,
    commit: await describeCommit(),
    machine: await describeMachine(),
    versions: versionsOf(setup.programs, settings['server_version'] ?? 'unknown'),
    server: { description: setup.server.description, settings },
    rows: options.rows,
    runs: options.runs,
  };
}

/**
 * Aborted by the first SIGINT or SIGTERM: what was started is ended and cleared away, then the program fails. The
 * second one ends it at once.
 */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => controller.abort(new Error(`interrupted by ${name}`)));
  }
  return controller.signal;
}

function versionsOf(programs: Programs, postgres: string): Record<string, string> {
  const peers = Object.entries(programs).map(([name, program]) => [
    name,
    program?.version ?? 'not installed',
  ]);
  return { node: process.version, postgres, ...Object.fromEntries(peers) };
}

try {
  process.exitCode = await main();
} catch (error) {
  const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined };
  log(`bench: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}`);
  process.exitCode = 1;
}
