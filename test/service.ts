import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.ts';

const ROOT = join(import.meta.dirname, '..');
/** A start makes the build ready, imports the program and opens the database. */
const START_MS = 60_000;
/** What the lifecycle promises from the first signal to the end of the process. */
const STOP_MS = 10_000;

export type Environment = Readonly<Record<string, string>>;

/** A database and folders of their own, and the program run on them; all gone when the test has finished. */
export class Service {
  readonly imports: string;
  readonly exports: string;
  readonly logs: string;
  private readonly processes: SluiceProcess[] = [];

  private constructor(
    readonly root: string,
    readonly database: TestDatabase,
    private readonly env: Environment,
  ) {
    this.imports = join(root, 'imports');
    this.exports = join(root, 'exports');
    this.logs = join(root, 'logs');
  }

  /** The test fails when, at its end, the program does not stop in order or leaves connections, locks or files behind. */
  static async create(env: Environment = {}): Promise<Service> {
    const root = await mkdtemp(join(tmpdir(), 'sluice-service-'));
    await chmod(root, 0o755);
    const service = new Service(root, await createTestDatabase(), env);
    await mkdir(service.imports);
    onTestFinished(() => service.end());
    return service;
  }

  /** Starts `sluice <args>`; without arguments the watching service, and waits until it is ready. */
  async start(env: Environment = {}): Promise<SluiceProcess> {
    const process = this.spawn(['start'], env);
    await process.untilPrinted('ready');
    return process;
  }

  spawn(args: readonly string[], env: Environment = {}): SluiceProcess {
    return this.adopt(
      spawn(process.execPath, [join(ROOT, 'bin/sluice'), ...args], {
        cwd: this.root,
        env: this.environment(env),
      }),
    );
  }

  /** Takes a process started by other means (npm, a shell) into the bookkeeping of this service. */
  adopt(child: ChildProcess): SluiceProcess {
    const started = new SluiceProcess(child);
    this.processes.push(started);
    return started;
  }

  /** Runs one command to its end. */
  async run(args: readonly string[], env: Environment = {}): Promise<Ended> {
    return this.spawn(args, env).ended(START_MS);
  }

  environment(env: Environment = {}): Record<string, string> {
    const { PATH = '', HOME = '' } = process.env;
    const folders = { IMPORTS_DIR: this.imports, EXPORTS_DIR: this.exports, LOGS_DIR: this.logs };
    const pace = { SETTLE_MS: '100', RESCAN_MS: '500' };
    return { PATH, HOME, DATABASE_URL: this.database.url, ...folders, ...pace, ...this.env, ...env };
  }

  /** Puts a file into the imports folder; `ageSeconds` sets how long ago it was modified. */
  async drop(name: string, content: string | Buffer, ageSeconds?: number): Promise<string> {
    return this.write(join('imports', name), content, ageSeconds);
  }

  async write(name: string, content: string | Buffer, ageSeconds?: number): Promise<string> {
    const path = join(this.root, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    if (ageSeconds !== undefined) {
      const at = new Date(Date.now() - ageSeconds * 1000);
      await utimes(path, at, at);
    }
    return path;
  }

  async query<R>(sql: string, values: readonly unknown[] = []): Promise<R[]> {
    const { rows } = await this.database.pool.query(sql, [...values]);
    return rows;
  }

  /** The one value that `sql` gives. */
  async value<T = unknown>(sql: string, values: readonly unknown[] = []): Promise<T> {
    const [row] = await this.query<Record<string, T>>(sql, values);
    return Object.values(row ?? {})[0] as T;
  }

  /** Waits until so many files are finished and their outcome is carried out. */
  async finished(count: number, timeoutMs = 90_000): Promise<void> {
    const sql =
      'select count(*) from sluice.source_file where finished_at is not null and outcome_done_at is not null';
    await eventually(
      async () => (await this.value<number>(sql)) >= count,
      timeoutMs,
      `${count} files finished`,
    );
  }

  statuses(): Promise<{ name: string; status: string; error: string | null }[]> {
    return this.query(
      `select f.name, f.status, r.error_code as error
         from sluice.source_file f left join sluice.run r using (run_id) order by f.file_id`,
    );
  }

  /** Paths of all files under a folder of this service, relative to it, sorted. */
  async filesIn(folder: 'imports' | 'exports' | 'logs'): Promise<string[]> {
    const entries = await readdir(join(this.root, folder), { withFileTypes: true, recursive: true }).catch(
      () => [],
    );
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(this.root, folder).length + 1))
      .sort();
  }

  async receipts(): Promise<Receipt[]> {
    const names = (await this.filesIn('exports')).filter((name) => name.startsWith('receipts/'));
    const read = async (name: string): Promise<Receipt> =>
      JSON.parse(await readFile(join(this.exports, name), 'utf8'));
    return (await Promise.all(names.map(read))).sort((a, b) => a.runId - b.runId);
  }

  /** Tables of loads that nobody published. */
  orphanSegments(): Promise<{ name: string }[]> {
    return this.query(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'staging_segments' and c.relkind in ('r', 'S')
          and not exists (select from pg_inherits i where i.inhrelid = c.oid)`,
    );
  }

  private async end(): Promise<void> {
    const problems: string[] = [];
    for (const process of this.processes) problems.push(...(await process.end()));
    const left = (await this.filesIn('exports')).filter((name) => name.endsWith('.tmp'));
    problems.push(...left.map((name) => `temporary file left behind: ${name}`));
    await rm(this.root, { recursive: true, force: true });
    await this.database.drop();
    if (problems.length > 0) throw new Error(problems.join('\n'));
  }
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Receipt {
  readonly file: string;
  readonly runId: number;
  readonly status: string;
  readonly movedTo: string | null;
  readonly error?: { readonly code: string; readonly message: string; readonly remedy: string };
  readonly loads: readonly Record<string, unknown>[];
}

/** One running `sluice`. */
export class SluiceProcess {
  stdout = '';
  stderr = '';
  private killed = false;
  private readonly closed: Promise<unknown>;

  constructor(readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.closed = once(child, 'close');
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get output(): string {
    return this.stdout + this.stderr;
  }

  async untilPrinted(text: string | RegExp, timeoutMs = START_MS): Promise<void> {
    const found = () => (typeof text === 'string' ? this.output.includes(text) : text.test(this.output));
    await eventually(
      () => found() || !this.running,
      timeoutMs,
      `printed ${text}`,
      () => this.output,
    );
    if (!found()) throw new Error(`the process ended without printing ${text}:\n${this.output}`);
  }

  /** Waits for the process to end by itself. */
  async ended(timeoutMs: number): Promise<Ended> {
    await eventually(
      () => !this.running,
      timeoutMs,
      'the process ended',
      () => this.output,
    );
    // A process of its own that it left behind would keep the pipes open.
    await Promise.race([this.closed, sleep(2_000).then(() => this.leftBehind())]);
    const { exitCode: code, signalCode: signal } = this.child;
    return { code, signal, stdout: this.stdout, stderr: this.stderr };
  }

  private leftBehind(): never {
    throw new Error(`the process ended, but something it had started did not:\n${this.output}`);
  }

  /** SIGTERM, and the end it leads to. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal);
    return this.ended(STOP_MS);
  }

  /** SIGKILL, as a power cut would. */
  async kill(): Promise<void> {
    this.killed = true;
    this.child.kill('SIGKILL');
    await this.closed;
  }

  /** Stops the process if the test has not, and says what is wrong with how it ended. */
  async end(): Promise<string[]> {
    if (this.killed || !this.running) return [];
    const ended = await this.stop().catch((error: unknown) => String(error));
    if (typeof ended === 'string') {
      await this.kill();
      return [`the process did not stop: ${ended}`];
    }
    return ended.code === 0 ? [] : [`the process ended with ${ended.code ?? ended.signal}:\n${this.output}`];
  }
}

/** Waits until a condition holds; throws when it does not in time. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  what: string,
  detail: () => string = () => '',
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}\n${detail()}`);
    await sleep(20);
  }
}
