import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type pg from 'pg';
import { findBinaries } from '../src/db/embedded/binaries.ts';
import { openPool } from '../src/db/pool.ts';
import { OwnServer } from '../test/pipelines/own-server.ts';

const ROOT = join(import.meta.dirname, '..');
const KILLER = pathToFileURL(join(ROOT, 'test/crash/kill-at.mjs')).href;

/** Of the encrypted files. */
export const PASSPHRASE = 'only for the soak';

const CONFIG = `import { defineConfig, defineDataset } from 'sluice';
export default defineConfig({ datasets: [
  ...['feed_a', 'feed_b', 'feed_c'].map((name) => defineDataset({ name })),
  defineDataset({ name: 'rates', match: 'rates_*.csv', redelivery: { changed: 'supersede' } }),
  defineDataset({ name: 'stock', match: 'stock_*.csv', redelivery: { changed: 'hold' } }),
  defineDataset({ name: 'whole', disposition: 'replace' }),
] });
`;

/** Models that keep up with the datasets they are named after; `check.ts` compares them. */
export const MODELS: Readonly<Record<string, string>> = {
  feed_a: '-- @materialized incremental\nselect id, name, _run_id from {{ staging.feed_a }}',
  rates: '-- @materialized table\nselect id, name from {{ staging.rates }}',
  stock: '-- @materialized merge\n-- @key id\nselect id, name, _run_id, _row from {{ staging.stock }}',
};

/** Right after this step, done for that many times, a process ends itself with SIGKILL. */
export interface KillAt {
  readonly step: string;
  readonly time: number;
}

/** A server, a service and folders of their own. */
export class World {
  readonly imports: string;
  readonly exports: string;
  /** The service has said that it watches. */
  ready = false;
  private service: ChildProcess | null = null;
  /** Faults may end the service: then it is started again. */
  private wanted = false;

  private constructor(
    readonly root: string,
    readonly server: OwnServer,
    readonly pool: pg.Pool,
  ) {
    this.imports = join(root, 'imports');
    this.exports = join(root, 'exports');
  }

  static async create(): Promise<World> {
    const root = await mkdtemp(join(tmpdir(), 'sluice-soak-'));
    const server = await OwnServer.start(dirname((await findBinaries()).postgres));
    const pool = openPool(server.url, { max: 3, applicationName: 'sluice soak' });
    const world = new World(root, server, pool);
    await mkdir(world.imports);
    await writeFile(join(root, 'sluice.config.ts'), CONFIG);
    await mkdir(join(root, 'warehouse'));
    for (const [name, sql] of Object.entries(MODELS))
      await writeFile(join(root, 'warehouse', `${name}.sql`), sql);
    return world;
  }

  /** The process id of the service, and what it has printed so far. */
  get pid(): number | null {
    return this.service?.pid ?? null;
  }

  printed(): Promise<string> {
    return readFile(join(this.root, 'service.log'), 'utf8').catch(() => '');
  }

  /** Starts the service; with `killAt` it ends itself right after that step. Does not wait until it is ready. */
  start(killAt?: KillAt): void {
    this.wanted = true;
    const env = this.environment(killAt);
    const child = spawn(process.execPath, [join(ROOT, 'bin/sluice'), 'start'], { cwd: this.root, env });
    const log = createWriteStream(join(this.root, 'service.log'), { flags: 'a' });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    this.service = child;
    this.ready = false;
    child.stdout?.on('data', (chunk: Buffer) => {
      if (this.service === child && chunk.includes('ready: ')) this.ready = true;
    });
    child.once('exit', () => {
      log.end();
      if (this.service !== child) return;
      this.service = null;
      this.ready = false;
      if (this.wanted) this.start();
    });
  }

  /** Sends signals; the service is started again when it has ended. */
  async signal(...signals: NodeJS.Signals[]): Promise<void> {
    const { service } = this;
    if (service === null || service.exitCode !== null) return;
    const ended = once(service, 'exit');
    for (const signal of signals) service.kill(signal);
    await ended;
  }

  /** The service stands still for so long, as on a machine that sleeps. */
  async suspend(ms: number): Promise<void> {
    const { service } = this;
    service?.kill('SIGSTOP');
    await sleep(ms);
    service?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.wanted = false;
    await this.signal('SIGTERM');
  }

  /** Runs one command to its end; gives its exit code, null when it was killed. */
  async command(args: readonly string[], killAt?: KillAt): Promise<number | null> {
    const child = spawn(process.execPath, [join(ROOT, 'bin/sluice'), ...args], {
      cwd: this.root,
      env: this.environment(killAt),
    });
    const log = createWriteStream(join(this.root, 'commands.log'), { flags: 'a' });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    const [code] = (await once(child, 'close')) as [number | null];
    log.end();
    return code;
  }

  async remove(keep: boolean): Promise<void> {
    await this.stop();
    await this.pool.end();
    await this.server.remove();
    if (!keep) await rm(this.root, { recursive: true, force: true });
  }

  private environment(killAt?: KillAt): Record<string, string> {
    const { PATH = '', HOME = '' } = process.env;
    const pace = { SETTLE_MS: '60', RESCAN_MS: '300', LANES: '2', CONCURRENCY: '2', REJECT_LIMIT: 'none' };
    const own = { DATABASE_URL: this.server.url, GPG_PASSPHRASE: PASSPHRASE, MAX_ATTEMPTS: '50' };
    return { PATH, HOME, ...own, ...pace, ...(killAt !== undefined && killing(killAt)) };
  }
}

function killing({ step, time }: KillAt): Record<string, string> {
  return { NODE_OPTIONS: `--import=${KILLER}`, KILL_AT: step, KILL_TIME: String(time) };
}
