import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchCase, Entrant } from './cases.ts';
import type { Input, Stage } from './contenders/contender.ts';
import { sluiceCommand } from './contenders/sluice.ts';
import type { Column } from './database.ts';
import type { DataSets } from './generate/prepare.ts';
import { startCpuMeter } from './measure/cpu-meter.ts';
import { runCommand } from './measure/run-command.ts';
import type { CaseResult, EntrantResult, EntrantStatus, Measurement } from './report/results.ts';

export interface Rounds {
  readonly runs: number;
  readonly slowRuns: number;
  readonly dataFolder: string;
  readonly data: DataSets;
  log(message: string): void;
}

/**
 * Measures a case: every entrant once, then every entrant again, so that what changes on the machine meanwhile meets
 * all of them. Each run finds an empty database that has been written to disk, and files that have been read before.
 */
export async function runCase(one: BenchCase, stage: Stage, rounds: Rounds): Promise<CaseResult> {
  const columns = await askColumns(one, stage, rounds);
  await setUp(one, stage, rounds);
  const entries = one.entrants.map(
    (entrant) => new Entry(entrant, inputOf(entrant, columns, one, rounds), stage, one.setUp !== undefined),
  );
  for (let round = 1; round <= rounds.runs; round++) {
    for (const entry of entries) {
      if (entry.status !== 'measured' || (entry.entrant.contender.slow && round > rounds.slowRuns)) continue;
      await entry.run();
      rounds.log(
        `${one.name} ${round}/${rounds.runs} ${entry.entrant.contender.name}: ${entry.lastInWords()}`,
      );
    }
  }
  const { name, title, linear = false, unsized = false } = one;
  return { name, title, linear, unsized, entrants: entries.map((entry) => entry.result()) };
}

/** Names and types as Sluice finds them out, for the tables of the peers. */
async function askColumns(one: BenchCase, stage: Stage, rounds: Rounds): Promise<Column[]> {
  if (one.columnsOf === undefined) return [];
  const file = filesOf(one.columnsOf, rounds)[0] ?? '';
  await emptyFolder(stage);
  const planned = await runCommand(sluiceCommand(stage, ['plan', '--json', file]), stage.signal);
  if (planned.exitCode !== 0)
    throw new Error(`sluice plan ended with ${planned.exitCode}: ${planned.stderr}`);
  const plan: { jobs: { columns: Column[] }[] } = JSON.parse(planned.stdout);
  return plan.jobs[0]?.columns.map(({ name, type }) => ({ name, type })) ?? [];
}

async function setUp(one: BenchCase, stage: Stage, rounds: Rounds): Promise<void> {
  const [first] = one.entrants;
  if (one.setUp === undefined || first === undefined) return;
  await stage.database.reset();
  await emptyFolder(stage);
  await one.setUp(stage, inputOf(first, [], one, rounds));
}

function inputOf(entrant: Entrant, columns: readonly Column[], one: BenchCase, rounds: Rounds): Input {
  const made = rounds.data.get(entrant.data);
  if (made === undefined) throw new Error(`${entrant.data} has not been made`);
  const { bytes, records, faultEvery } = made;
  const files = filesOf(entrant.data, rounds);
  return { files, bytes, records, faultEvery, columns, declared: one.declared ?? false };
}

function filesOf(name: Entrant['data'], { data, dataFolder }: Rounds): string[] {
  return data.get(name)?.files.map((file) => join(dataFolder, file.name)) ?? [];
}

async function emptyFolder(stage: Stage): Promise<void> {
  await rm(stage.folder, { recursive: true, force: true });
  await mkdir(stage.folder, { recursive: true });
}

/** One entrant through all rounds. */
class Entry {
  status: EntrantStatus = 'measured';
  private reason: string | null = null;
  private readonly runs: Measurement[] = [];

  constructor(
    readonly entrant: Entrant,
    private readonly input: Input,
    private readonly stage: Stage,
    /** The database has been filled for all runs. */
    private readonly isFilled: boolean,
  ) {
    const missing = entrant.contender.needs.filter((program) => stage.programs[program] === null);
    if (missing.length > 0) this.end('skipped', `${missing.join(' and ')} not installed`);
  }

  /** A run that goes wrong ends the entrant's part in this case, not the benchmark. */
  async run(): Promise<void> {
    try {
      await this.measure();
    } catch (error) {
      this.stage.signal.throwIfAborted();
      this.end('failed', error instanceof Error ? error.message : String(error));
    }
  }

  lastInWords(): string {
    const last = this.runs.at(-1);
    if (this.status !== 'measured' || last === undefined) return `${this.status}: ${this.reason}`;
    const mebibytes = (last.peakBytes / 1024 / 1024).toFixed(0);
    const cpu = `${last.cpuSeconds.toFixed(2)} s CPU (others ${last.otherCpuSeconds.toFixed(2)} s)`;
    return `${last.seconds.toFixed(2)} s, ${cpu}, ${mebibytes} MiB`;
  }

  result(): EntrantResult {
    const { contender, target = null } = this.entrant;
    const { files, records, bytes } = this.input;
    const { status, reason, runs } = this;
    return { contender: contender.name, files: files.length, records, bytes, target, status, reason, runs };
  }

  private async measure(): Promise<void> {
    const { entrant, input, stage } = this;
    const { database } = stage;
    if (!this.isFilled) await database.reset();
    if (!this.isFilled) await emptyFolder(stage);
    await entrant.contender.prepare(stage, input);
    await readAhead(input.files);
    await database.checkpoint();
    const readMeter = startCpuMeter(database);
    const run = await runCommand(entrant.contender.command(stage, input), stage.signal);
    const cpu = readMeter(run.cpuSeconds);
    await database.settled();
    const seconds = (await entrant.contender.seconds?.(stage, run)) ?? run.seconds;
    const verdict = await entrant.contender.verify(stage, input, run);
    if (verdict.kind !== 'right')
      return this.end(verdict.kind === 'wrong' ? 'failed' : 'unsupported', verdict.reason);
    const { cpuSeconds, peakBytes } = run;
    this.runs.push({ seconds, cpuSeconds, ...cpu, peakBytes });
  }

  private end(status: EntrantStatus, reason: string): void {
    this.status = status;
    this.reason = reason;
  }
}

/** Every run finds the file in the page cache, the first one too. */
async function readAhead(files: readonly string[]): Promise<void> {
  for (const file of files) await readFile(file);
}
