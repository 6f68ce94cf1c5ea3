import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../bench/generate/random.ts';
import { MemoryWatch } from './memory-watch.ts';
import { csv } from './model.ts';
import { World } from './world.ts';

/** Beyond one block: it is in the middle of being loaded when the database goes away. */
const LARGE_ROWS = 400_000;
const ROWS = 50;
/** From the return of the database to the last file. */
const PATIENCE_MS = 120_000;

export interface OutageOptions {
  readonly minutes: number;
  readonly files: number;
  readonly seed: number;
}

/** How an outage went; times in seconds, memory in MB. */
export interface OutageReport {
  readonly files: number;
  readonly seconds: number;
  readonly published: number;
  readonly rows: number;
  readonly expectedRows: number;
  /** Names and statuses of the files that are not published. */
  readonly others: readonly string[];
  /** Files of a feed that were published before one of an earlier date. */
  readonly outOfOrder: number;
  readonly mostAttempts: number;
  /** Lines in the log that tell of the outage, and of its end. */
  readonly outageLines: number;
  readonly recoveryLines: number;
  /** From the moment at which the database took connections again. */
  readonly firstAfter: number;
  readonly allAfter: number;
  readonly memoryBefore: number;
  /** At the end of each tenth of the outage. */
  readonly memoryMeanwhile: readonly number[];
  readonly memoryHighest: number;
  readonly memoryAfter: number;
  readonly sameProcess: boolean;
}

/**
 * The server is killed while a large file is loaded; files arrive while it is away, those of one feed in any order; then it
 * comes back.
 */
export async function playOutage(options: OutageOptions): Promise<OutageReport> {
  const { files } = options;
  const world = await World.create();
  try {
    world.start();
    await until(async () => world.ready, 'the service is ready');
    const { pid } = world;
    await put(world, 'warm_up.csv', csv(LARGE_ROWS + 1, ROWS));
    await until(async () => (await count(world, 'published')) === 1, 'a file is published');
    await put(world, 'large.csv', csv(1, LARGE_ROWS));
    await until(() => copying(world), 'a file is being loaded');
    const memory = new MemoryWatch(pid);
    await world.server.kill('SIGKILL');
    const began = Date.now();
    await sendAll(world, options);
    const seconds = (Date.now() - began) / 1000;
    const memoryMeanwhile = memory.tenths;
    await world.server.resume();
    const after = await comeBack(world, files + 2);
    const rest = await lookAround(world, LARGE_ROWS + ROWS * (files + 1));
    return {
      files,
      seconds,
      ...after,
      ...rest,
      ...memory.end(),
      memoryMeanwhile,
      sameProcess: world.pid === pid,
    };
  } finally {
    await world.remove(false);
  }
}

/** Every second file belongs to a feed whose files are published by date; they arrive in any order. */
async function sendAll(world: World, { minutes, files, seed }: OutageOptions): Promise<void> {
  const random = new Random(seed);
  const days = Array.from({ length: Math.ceil(files / 2) }, (_, n) => n);
  for (let n = 0; n < files; n++) {
    const from = LARGE_ROWS + ROWS * (n + 1) + 1;
    const [day = 0] = n % 2 === 0 ? days.splice(random.below(days.length), 1) : [];
    const date = new Date(Date.UTC(2024, 0, 1) + day * 86_400_000).toISOString().slice(0, 10);
    const name = n % 2 === 0 ? `ordered_${date}.csv` : `other_${random.below(5)}_${n}.csv`;
    await put(world, name, csv(from, ROWS));
    await sleep((minutes * 60_000) / files);
  }
}

async function comeBack(world: World, files: number): Promise<Pick<OutageReport, 'firstAfter' | 'allAfter'>> {
  const back = Date.now();
  await until(async () => (await count(world, 'published')) > 1, 'the first file is published');
  const firstAfter = (Date.now() - back) / 1000;
  await until(async () => (await count(world)) >= files, 'all files have an outcome');
  return { firstAfter, allAfter: (Date.now() - back) / 1000 };
}

async function put(world: World, name: string, content: string): Promise<void> {
  await writeFile(join(world.root, name), content);
  await rename(join(world.root, name), join(world.imports, name));
}

const COUNTS = `
  select (select count(*) from sluice.source_file where status = 'published') as published,
         (select coalesce(sum(rows_loaded), 0)::bigint from sluice.load_job where status = 'published') as rows,
         (select coalesce(array_agg(name || ' ' || status order by name), '{}') from sluice.source_file
           where status <> 'published') as others,
         (select count(*) from (
            select f.name < lag(f.name) over (order by r.finished_at, r.run_id) as is_late
              from sluice.source_file f join sluice.run r using (run_id) where f.name like 'ordered%') o
           where is_late) as "outOfOrder",
         (select max(attempts) from sluice.source_file) as "mostAttempts"`;

type Counts = Pick<OutageReport, 'published' | 'rows' | 'others' | 'outOfOrder' | 'mostAttempts'>;

async function lookAround(world: World, expectedRows: number) {
  const { rows } = await world.pool.query<Counts>(COUNTS);
  const printed = await world.printed();
  const lines = (pattern: RegExp) => printed.match(pattern)?.length ?? 0;
  return {
    ...(rows[0] as Counts),
    expectedRows,
    outageLines: lines(/ERROR DATABASE_/g),
    recoveryLines: lines(/the database answers again/g),
  };
}

async function copying({ pool }: World): Promise<boolean> {
  return (await pool.query('select from pg_stat_progress_copy')).rows.length > 0;
}

/** Files that have ended, all of them or those of one status. */
async function count({ pool }: World, status: string | null = null): Promise<number> {
  const sql = `select count(*) as n from sluice.source_file
                where outcome_done_at is not null and ($1::text is null or status = $1)`;
  return (await pool.query<{ n: number }>(sql, [status])).rows[0]?.n ?? 0;
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`);
    await sleep(50);
  }
}

/** What has to be true of every outage; empty when all of it is. */
export function outageProblems(report: OutageReport): string[] {
  const { files, published, rows, expectedRows, others, outOfOrder, mostAttempts } = report;
  const checks: readonly (readonly [boolean, string])[] = [
    [published === files + 2, `${published} of ${files + 2} files are published: ${others.join(', ')}`],
    [rows === expectedRows, `${rows} rows are there, ${expectedRows} were sent`],
    [outOfOrder === 0, `${outOfOrder} files of a feed were published too early`],
    [mostAttempts <= 2, `a file took ${mostAttempts} tries`],
    [report.outageLines === 1, `${report.outageLines} lines tell of the outage`],
    [report.recoveryLines === 1, `${report.recoveryLines} lines tell of its end`],
    [report.sameProcess, 'the service was started again'],
  ];
  return checks.filter(([holds]) => !holds).map(([, problem]) => problem);
}

/** Plays an outage and prints how it went. */
export async function reportOutage(options: OutageOptions): Promise<void> {
  const report = await playOutage(options);
  for (const [name, value] of Object.entries(report)) console.log(`${name.padStart(16)}  ${value}`);
  const problems = outageProblems(report);
  for (const problem of problems) console.log(problem);
  if (problems.length > 0) process.exitCode = 1;
}
