import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { arrivalOf } from '../../../src/cli/load.ts';
import { loadSettings } from '../../../src/config/load-settings.ts';
import { readRun } from '../../../src/ledger/find-run.ts';
import type { Outcome } from '../../../src/ledger/outcomes.ts';
import { openLog } from '../../../src/log.ts';
import { Application } from '../../../src/main.ts';
import type { TransformedModel } from '../../../src/pipelines/transform/transformed.ts';
import { Transforms } from '../../../src/pipelines/transform/transforms.ts';
import { queueReplay } from '../../../src/pipelines/undo/replay-run.ts';
import { retractRun } from '../../../src/pipelines/undo/retract-run.ts';
import { createTestDatabase, type TestDatabase } from '../../database.ts';

/** A database and a folder with models; files are delivered and models made when the test says so. */
export class Warehouse {
  private constructor(
    readonly root: string,
    readonly database: TestDatabase,
    private readonly application: Application,
    private readonly transforms: Transforms,
    private readonly outcomes: readonly Outcome[],
  ) {}

  static async create(models: Readonly<Record<string, string>> = {}): Promise<Warehouse> {
    const root = await mkdtemp(join(tmpdir(), 'sluice-warehouse-'));
    const database = await createTestDatabase();
    const env = {
      DATABASE_URL: database.url,
      IMPORTS_DIR: join(root, 'imports'),
      EXPORTS_DIR: join(root, 'exports'),
      LOGS_DIR: join(root, 'logs'),
      // What delivers has no models, so that they are made when the test says so.
      WAREHOUSE_DIR: join(root, 'none'),
    };
    await mkdir(join(root, 'files'));
    const settings = await loadSettings({ env, cwd: root });
    const log = openLog({ logsDir: null, debug: false, logDays: 1, console: 'none' });
    const outcomes: Outcome[] = [];
    const application = await Application.open(settings, log, {
      applicationName: 'sluice test',
      onOutcome: (outcome) => outcomes.push(outcome),
    });
    const transforms = new Transforms({
      ...{ pool: database.pool, log, maxAttempts: 1, isLoading: () => false },
      settings: { ...settings, warehouseDir: join(root, 'warehouse') },
    });
    const warehouse = new Warehouse(root, database, application, transforms, outcomes);
    onTestFinished(async () => {
      await application.close();
      await log.close();
      await rm(root, { recursive: true, force: true });
      await database.drop();
    });
    for (const [name, text] of Object.entries(models)) await warehouse.model(name, text);
    return warehouse;
  }

  /** Writes the model file `warehouse/<name>.sql`. */
  async model(name: string, text: string): Promise<void> {
    await mkdir(join(this.root, 'warehouse'), { recursive: true });
    await writeFile(join(this.root, 'warehouse', `${name}.sql`), text);
  }

  /** Writes a file of base data. */
  async base(file: string, content: string | Buffer): Promise<void> {
    await mkdir(join(this.root, 'warehouse/base'), { recursive: true });
    await writeFile(join(this.root, 'warehouse/base', file), content);
  }

  /** Publishes a file; gives its run. Models are not made. */
  async deliver(name: string, text: string): Promise<number> {
    const path = join(this.root, 'files', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    await this.application.load([await arrivalOf(path)], () => undefined);
    const outcome = this.outcomes.at(-1);
    if (outcome?.status !== 'published')
      throw new Error(`${name}: ${outcome?.status} ${outcome?.errorMessage}`);
    return outcome.runId;
  }

  /** Loads the file of a run again. */
  async replay(runId: number): Promise<void> {
    const run = await readRun(this.database.pool, runId);
    if (run === null) throw new Error(`there is no run ${runId}`);
    await this.application.finishFiles([await queueReplay(this.database.pool, run)], () => undefined);
  }

  async retract(runId: number): Promise<void> {
    await retractRun(this.database.pool, runId, new AbortController().signal);
  }

  transform(
    names: readonly string[] | null = null,
    whole = false,
    release = false,
  ): Promise<TransformedModel[]> {
    return this.transforms.run({ names, whole, release });
  }

  async rows(sql: string): Promise<unknown[][]> {
    const { rows } = await this.database.pool.query({ text: sql, rowMode: 'array' });
    return rows;
  }
}
