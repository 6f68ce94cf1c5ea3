import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { asDropped } from '../../../src/arrivals.ts';
import { arrivalOf } from '../../../src/cli/load.ts';
import type { DatasetConfig } from '../../../src/config/define.ts';
import { loadSettings } from '../../../src/config/load-settings.ts';
import { readRun } from '../../../src/ledger/find-run.ts';
import { discardHeld } from '../../../src/ledger/kept-files.ts';
import type { Outcome } from '../../../src/ledger/outcomes.ts';
import { openLog } from '../../../src/log.ts';
import { Application } from '../../../src/main.ts';
import { dropSegments } from '../../../src/pipelines/tables/segments.ts';
import { releaseRun } from '../../../src/pipelines/undo/release-run.ts';
import { queueReplay } from '../../../src/pipelines/undo/replay-run.ts';
import { type Retracted, retractRun } from '../../../src/pipelines/undo/retract-run.ts';
import { createTestDatabase, type TestDatabase } from '../../database.ts';
import { emptyDatabase } from '../../reused-databases.ts';

const FIRST_MTIME = 1_700_000_000;

export interface Rejected {
  readonly record: number;
  readonly line: number;
  readonly column: string | null;
  readonly code: string;
  readonly message: string;
  readonly sqlstate: string | null;
  readonly raw: Buffer;
}

/** The program on a database and folders of its own, in this process. */
export class Engine {
  private constructor(
    readonly root: string,
    readonly database: TestDatabase,
    private application: Application,
    private readonly outcomes: Outcome[],
  ) {}

  static async open(
    env: Readonly<Record<string, string>> = {},
    datasets: readonly DatasetConfig[] = [],
  ): Promise<Engine> {
    const root = await mkdtemp(join(tmpdir(), 'sluice-engine-'));
    await chmod(root, 0o755);
    const database = await createTestDatabase();
    const outcomes: Outcome[] = [];
    const application = await openApplication({ root, database, env, datasets, outcomes });
    return new Engine(root, database, application, outcomes);
  }

  /** The same, under another configuration. */
  async reopen(
    env: Readonly<Record<string, string>> = {},
    datasets: readonly DatasetConfig[] = [],
  ): Promise<void> {
    await this.application.close();
    const { root, database, outcomes } = this;
    this.application = await openApplication({ root, database, env, datasets, outcomes });
  }

  /** Loads one file, by default one outside of the imports folder; gives what became of it. */
  async load(name: string, content: string | Buffer): Promise<Outcome> {
    const path = join(this.root, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return this.loadAgain(name);
  }

  /** Loads a file that is there. */
  async loadAgain(name: string): Promise<Outcome> {
    const before = this.outcomes.length;
    await this.application.load([await arrivalOf(join(this.root, name))], () => undefined);
    return this.outcomeFrom(before);
  }

  /** Lets go of a held delivery. */
  async release(runId: number, decision: 'supersede' | 'append'): Promise<Outcome> {
    const { pool } = this.database;
    const before = this.outcomes.length;
    const run = await readRun(pool, runId);
    if (run === null || !(await releaseRun(pool, run, decision))) throw new Error(`run ${runId} is not held`);
    await this.application.finishFiles([run.fileId], () => undefined);
    return this.outcomeFrom(before);
  }

  /** Gives up a held delivery. */
  async discard(runId: number): Promise<void> {
    const fileId = (await readRun(this.database.pool, runId))?.fileId ?? 0;
    if (!(await discardHeld(this.database.pool, fileId))) throw new Error(`run ${runId} is not held`);
    await this.application.outcomes.writePending([fileId]);
  }

  /** Loads the kept file of a run in the place of the run. */
  async replay(runId: number): Promise<Outcome> {
    return this.finish(await this.queueReplay(runId));
  }

  /** Only asks for it; gives the id of the file that waits then. */
  async queueReplay(runId: number): Promise<number> {
    const run = await readRun(this.database.pool, runId);
    if (run === null) throw new Error(`there is no run ${runId}`);
    return queueReplay(this.database.pool, run);
  }

  /** Loads a file that waits. */
  async finish(fileId: number): Promise<Outcome> {
    const before = this.outcomes.length;
    await this.application.finishFiles([fileId], () => undefined);
    return this.outcomeFrom(before);
  }

  private outcomeFrom(before: number): Outcome {
    const outcome = this.outcomes[before];
    if (outcome === undefined) throw new Error('there is no outcome');
    return outcome;
  }

  /** Takes a run back and carries out what follows for its files. */
  async retract(runId: number): Promise<Retracted> {
    const retracted = await retractRun(this.database.pool, runId, new AbortController().signal);
    await this.application.outcomes.writePending(retracted.fileIds);
    await dropSegments(this.database.pool, retracted.detached);
    return retracted;
  }

  /** Loads files that wait together, in this order; gives what became of each, in the order in which they ended. */
  async loadAll(
    files: readonly { readonly name: string; readonly content: string | Buffer }[],
  ): Promise<Outcome[]> {
    const arrivals = [];
    for (const [at, { name, content }] of files.entries()) {
      const path = join(this.root, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
      await utimes(path, FIRST_MTIME + at, FIRST_MTIME + at);
      arrivals.push(await arrivalOf(path));
    }
    const before = this.outcomes.length;
    await this.application.load(arrivals, () => undefined);
    return this.outcomes.slice(before);
  }

  /** Loads files that are named on one command line, in this order. */
  async loadTogether(files: readonly (readonly [name: string, content: string])[]): Promise<void> {
    const arrivals = [];
    for (const [name, content] of files) {
      const path = join(this.root, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
      arrivals.push(await arrivalOf(path));
    }
    await this.application.load(arrivals, () => undefined);
  }

  /** What the watcher does with a file that has settled; gives the ids of those that wait then. */
  async register(name: string): Promise<number[]> {
    const arrival = asDropped(await arrivalOf(join(this.root, name)), join(this.root, 'imports'));
    return this.application.register([arrival]);
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

  /** Open rejects of a run, in the order of the file. */
  rejects(runId: number): Promise<Rejected[]> {
    return this.query(
      `select record_number as record, line_number as line, column_name as "column", code, message, sqlstate, raw
         from sluice.rejects where run_id = $1 order by record_number`,
      [runId],
    );
  }

  /** Names of the columns of a table in the staging schema that files have, with their types. */
  async types(table: string): Promise<Record<string, string>> {
    const rows = await this.query<{ name: string; type: string }>(
      `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
        where attrelid = to_regclass('staging.' || quote_ident($1)) and attnum > 0 and attname !~ '^_' order by attname`,
      [table],
    );
    return Object.fromEntries(rows.map(({ name, type }) => [name, type]));
  }

  /** Tables and sequences of loads that nobody published. */
  orphans(): Promise<{ name: string }[]> {
    return this.query(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'staging_segments' and c.relkind in ('r', 'S')
          and not exists (select from pg_inherits i where i.inhrelid = c.oid)`,
    );
  }

  /** Paths of all files under a folder, relative to it, sorted. */
  async filesIn(folder: string): Promise<string[]> {
    const entries = await readdir(join(this.root, folder), { withFileTypes: true, recursive: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map((entry) => relative(join(this.root, folder), join(entry.parentPath, entry.name))).sort();
  }

  /** As if nothing had ever been loaded. */
  async forget(): Promise<void> {
    await emptyDatabase(this.database.pool);
  }

  async close(): Promise<void> {
    await this.application.close();
    await this.database.drop();
    await rm(this.root, { recursive: true, force: true });
  }
}

interface Opened {
  readonly root: string;
  readonly database: TestDatabase;
  readonly env: Readonly<Record<string, string>>;
  readonly datasets: readonly DatasetConfig[];
  readonly outcomes: Outcome[];
}

async function openApplication({ root, database, env, datasets, outcomes }: Opened): Promise<Application> {
  const folders = { IMPORTS_DIR: join(root, 'imports'), EXPORTS_DIR: join(root, 'exports') };
  const settings = await loadSettings({ env: { DATABASE_URL: database.url, ...folders, ...env }, cwd: root });
  const log = openLog({ logsDir: null, debug: false, logDays: 1, console: 'none' });
  return Application.open({ ...settings, datasets }, log, {
    applicationName: 'sluice engine',
    onOutcome: (outcome) => outcomes.push(outcome),
  });
}
