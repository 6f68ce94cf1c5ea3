import { availableParallelism } from 'node:os';
import path from 'node:path';
import { asDropped, placesOfSameNames } from './arrivals.ts';
import { makeFolders } from './config/make-folders.ts';
import type { Settings } from './config/settings.ts';
import { affordableLanes } from './db/affordable-lanes.ts';
import { type Database, openDatabase } from './db/database.ts';
import { inTransaction } from './db/transaction.ts';
import type { SluiceError } from './errors.ts';
import { hasKeys, openKeys } from './formats/openpgp/keys.ts';
import type { Sidecars } from './formats/sidecar/sidecars.ts';
import { watchedFolder } from './ledger/folder-claim.ts';
import { discardHeld, type FinishedFile, recentlyFinished } from './ledger/kept-files.ts';
import { Leases } from './ledger/leases.ts';
import { endLoadJobs } from './ledger/load-jobs.ts';
import { type Outcome, readOutcomes, supersededFiles } from './ledger/outcomes.ts';
import { registerFiles } from './ledger/register-files.ts';
import { endRuns, endStatusOf } from './ledger/runs.ts';
import type { Arrival, SourceFile } from './ledger/source-file.ts';
import { countUnfinished, finishedFiles } from './ledger/waiting-files.ts';
import type { Log } from './log.ts';
import { LineageEvents } from './openlineage/lineage-events.ts';
import { type FreshnessChange, FreshnessWatch, feedsOf } from './pipelines/checks/freshness-watch.ts';
import { Exports } from './pipelines/export/exports.ts';
import { FamiliarFiles } from './pipelines/familiar-files.ts';
import { archiveFile } from './pipelines/handlers/archive-file.ts';
import { delimitedFile } from './pipelines/handlers/delimited-file.ts';
import { dumpArchive } from './pipelines/handlers/dump-archive.ts';
import { encrypted } from './pipelines/handlers/encrypted.ts';
import { rejectCorrection } from './pipelines/handlers/reject-correction.ts';
import { datasetFrom } from './pipelines/identify/dataset-name.ts';
import { feedOrderOf } from './pipelines/identify/feed-order.ts';
import { type Progress, ProgressMeter, progressLine } from './pipelines/load/progress.ts';
import { finishedFile, GrownFiles, LOOKED_AT_HOURS, MOST_FILES } from './pipelines/outcome/grown-files.ts';
import { outcomeFields, outcomeLine } from './pipelines/outcome/log-line.ts';
import { OutcomeRetries } from './pipelines/outcome/outcome-retries.ts';
import { OutcomeWriter } from './pipelines/outcome/outcome-writer.ts';
import { runGroup } from './pipelines/run-group.ts';
import type { PipelineContext } from './pipelines/run-pipeline.ts';
import { sidecarsFor } from './pipelines/sidecars.ts';
import { sweepSegments } from './pipelines/tables/segments.ts';
import { Transforms } from './pipelines/transform/transforms.ts';
import { Dispatcher, type Worker } from './queue/dispatcher.ts';
import { watchForStall } from './queue/stall-watch.ts';
import { initSchema } from './schema-init/init-schema.ts';
import { mayRemake, SERVICE_NAME } from './schema-init/may-remake.ts';
import { stepDone } from './steps.ts';
import { ScheduledUpkeep } from './upkeep/scheduled-upkeep.ts';
import { displayPath } from './watcher/display-path.ts';

/** In this order: the first that recognises a file has it. */
export const HANDLERS = [
  rejectCorrection,
  delimitedFile,
  dumpArchive,
  archiveFile,
  encrypted(rejectCorrection, delimitedFile),
  encrypted(dumpArchive, archiveFile),
];

/** How often `load` looks whether another process has finished its file. */
const OTHERS_POLL_MS = 250;
const PROGRESS_EVERY_MS = 5_000;
const PROGRESS_BAR_EVERY_MS = 200;
/** One more than there are cores keeps them busy while a lane waits for its next block; beyond this nothing was gained. */
const MOST_LANES = 4;
/** Connections besides those that load: leases, ledger, schema, two for a transform, and two for an export. */
const SPARE_CONNECTIONS = 8;

/** Of the line about a finished file; `info` where nothing is said. */
const LEVELS: Readonly<Record<string, 'warn' | 'error'>> = { failed: 'error', held: 'warn' };

export { SERVICE_NAME };

export interface ApplicationOptions {
  readonly applicationName: string;
  /** It is to be the only one that watches the imports folder. */
  readonly watches?: boolean;
  /** Publish content once more although it has been published. */
  readonly again?: boolean;
  /** Draws progress; without it progress goes to the log, every few seconds. */
  readonly onProgress?: (progress: Progress) => void;
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** Everything that works on one database and one set of folders, put together. */
export class Application {
  readonly context: PipelineContext;
  readonly outcomes: OutcomeRetries;
  /** Looks after files whose sender goes on writing to them. */
  readonly grownFiles: GrownFiles;
  readonly transforms: Transforms;
  /** Looks whether feeds come when they are due. */
  readonly freshness: FreshnessWatch;
  readonly lineageEvents: LineageEvents;
  readonly exports: Exports;
  readonly upkeep: ScheduledUpkeep;
  /** What lies beside source files. */
  readonly sidecars: Sidecars;
  /** Files that are worked on, or groups of them. */
  private loading = 0;
  /** Files whose outcome this process has carried out; kept for `load` alone. */
  private readonly announced = new Set<number>();
  /** Told of a file that is not moved away; what was offered of it while it was worked on was not taken. */
  onLeft: (file: SourceFile) => void = () => {};

  private constructor(
    readonly settings: Settings,
    readonly database: Database,
    readonly log: Log,
    private readonly options: ApplicationOptions,
    lanes: number,
    readonly leases: Leases,
  ) {
    const { pool } = database;
    this.sidecars = sidecarsFor(settings);
    const familiar = new FamiliarFiles(HANDLERS, settings);
    this.context = { pool, settings, handlers: HANDLERS, familiar, lanes };
    const { maxAttempts } = settings;
    this.exports = new Exports({ pool, settings, log, maxAttempts });
    this.lineageEvents = new LineageEvents({
      ...{ pool, log, url: database.url, isEmbedded: settings.databaseUrl === null },
      ...{ settings: settings.openLineage, dwSchema: settings.dwSchema },
    });
    this.transforms = new Transforms({
      ...{ pool, settings, log, maxAttempts },
      isLoading: () => this.loading > 0,
      onDone: () => this.exports.request(),
      onResults: (results) => this.lineageEvents.transformed(results),
      onRun: (run) => this.lineageEvents.modelRun(run),
    });
    this.freshness = new FreshnessWatch({
      ...{ pool, feeds: feedsOf(settings.datasets, datasetFrom) },
      onChange: (change) => this.tellFreshness(change),
      onFailure: (message) => log.warn(message),
    });
    this.upkeep = new ScheduledUpkeep({ pool, settings }, log);
    const writer = new OutcomeWriter({
      ...{ pool, settings, display: displayPath, sidecars: this.sidecars },
      onFinished: (outcome) => this.announce(outcome),
    });
    this.outcomes = new OutcomeRetries(writer, this.leases, (error) =>
      log.error(`${error.code}: ${error.message}. ${error.remedy}`),
    );
    this.grownFiles = new GrownFiles({
      importsDir: settings.importsDir,
      firstLookMs: settings.rescanMs,
      onReturned: (file) => this.takeBack(file),
      onChanged: (problem) => log.warn(`${problem.code}: ${problem.message}. ${problem.remedy}`),
    });
  }

  /** Opens the database, makes the schemas and the folders, and clears away what a crash left. */
  static async open(settings: Settings, log: Log, options: ApplicationOptions): Promise<Application> {
    await makeFolders(settings);
    // A key that cannot be used stops the start, and not the first file that needs it.
    if (hasKeys(settings.decryption)) await openKeys(settings.decryption);
    const wantedLanes = settings.lanes ?? Math.min(availableParallelism() + 1, MOST_LANES);
    const database = await openDatabase(settings, (message) => log.info(message), {
      applicationName: options.applicationName,
      max: settings.concurrency * (wantedLanes + 1) + SPARE_CONNECTIONS,
    });
    const leases = new Leases(database.pool);
    try {
      if (options.watches) await leases.claimFolder(await watchedFolder(settings.importsDir));
      const dev = settings.dev && (await mayRemake(database, log, options.applicationName));
      await initSchema(database, { ...settings, dev }, (message) => log.info(message));
      await sweep(database, settings, log);
      const lanes = await affordableLanes(database, settings, wantedLanes);
      return new Application(settings, database, log, options, lanes, leases);
    } catch (error) {
      await leases.close();
      await database.close();
      throw error;
    }
  }

  /** Looks after files that were finished before this process began, and takes back those that grew meanwhile. */
  async lookForGrown(): Promise<void> {
    const root = Buffer.from(this.settings.importsDir + path.sep);
    const files = await recentlyFinished(this.database.pool, root, LOOKED_AT_HOURS, MOST_FILES);
    for (const file of files) this.grownFiles.remember(file, 0);
    await this.grownFiles.check();
  }

  dispatcher(worker: Pick<Worker, 'unsettle' | 'holdBack'>, fileIds?: readonly number[]): Dispatcher {
    const { settings, log } = this;
    return new Dispatcher({
      pool: this.database.pool,
      leases: this.leases,
      worker: { ...this.worker(), ...worker },
      root: Buffer.from(settings.importsDir + path.sep),
      ...(fileIds !== undefined && { fileIds }),
      concurrency: settings.concurrency,
      maxAttempts: settings.maxAttempts,
      onRetry: (file, error, delayMs) =>
        log.warn(
          `${file.displayPath} is tried again in ${(delayMs / 1000).toFixed(1)} s: ${error.code}: ${error.message}`,
        ),
      onStuck: (files, error) => {
        const names = files.map((file) => file.displayPath).join(', ');
        log.error(`${error.code}: ${error.message}. ${error.remedy} Left for the next start: ${names}`);
      },
      onOutage: (error) => log.error(`${error.code}: ${error.message}. ${error.remedy}`),
      onRecovery: () => {
        log.info('the database answers again');
        this.outcomes.retryNow();
        this.transforms.request();
        // A load that failed could not clear up then. What this does not manage is left for the next start.
        sweep(this.database, settings, log).catch(() => undefined);
      },
    });
  }

  /**
   * Loads named files. They stay where they are, but for those in the imports folder, which are treated like any
   * other there. Resolves when each has an outcome, also when another process on the same database gives it.
   */
  async load(arrivals: readonly Arrival[], onDispatcher: (dispatcher: Dispatcher) => void): Promise<void> {
    const dropped = (await this.checked(arrivals)).map((arrival) =>
      asDropped(arrival, this.settings.importsDir),
    );
    await this.finishFiles(await this.register(dropped, placesOfSameNames(dropped)), onDispatcher);
  }

  /** Those that have a place come in the order of their places, also when their names say nothing of it. */
  register(
    arrivals: readonly Arrival[],
    places: ReadonlyMap<Arrival, number> = new Map(),
  ): Promise<number[]> {
    return registerFiles(this.database.pool, arrivals, (arrival) => {
      const order = feedOrderOf(arrival.name, this.settings);
      const place = places.get(arrival);
      if (place === undefined) return order;
      const { feed, moment } = order ?? { feed: arrival.name, moment: '' };
      return { feed, moment: `${moment}${String(place).padStart(6, '0')}` };
    });
  }

  /** A file that is named by hand is not waited for: what is missing beside it fails it. */
  private async checked(arrivals: readonly Arrival[]): Promise<Arrival[]> {
    const found = await this.sidecars.checkAll(arrivals.map(({ path: at }) => at));
    return arrivals.map((arrival, at) => ({ ...arrival, waitingFor: found[at]?.reason ?? null }));
  }

  /** Works on waiting files until each has an outcome. */
  async finishFiles(
    fileIds: readonly number[],
    onDispatcher: (dispatcher: Dispatcher) => void,
  ): Promise<void> {
    const { pool } = this.database;
    let changed = 0;
    const unsettle = (file: SourceFile) => {
      changed++;
      this.log.warn(`FILE_CHANGED: ${file.displayPath} changed while it was read; nothing was loaded`);
    };
    const dispatcher = this.dispatcher({ unsettle }, fileIds);
    onDispatcher(dispatcher);
    for (;;) {
      await dispatcher.idle();
      if (dispatcher.stopped || (await countUnfinished(pool, fileIds)) <= changed) break;
      await new Promise((resolve) => setTimeout(resolve, OTHERS_POLL_MS));
    }
    await dispatcher.stop(0);
    const elsewhere = (await finishedFiles(pool, fileIds)).filter((file) => !this.announced.has(file.fileId));
    if (elsewhere.length === 0) return;
    for (const outcome of await readOutcomes(pool, elsewhere)) this.options.onOutcome?.(outcome);
  }

  async close(): Promise<void> {
    await this.freshness.stop();
    await this.exports.stop();
    await this.transforms.stop();
    await this.upkeep.stop();
    this.outcomes.stop();
    await this.lineageEvents.stop();
    await this.leases.close();
    await this.database.close();
  }

  /** Content that has been published is published once more. */
  get again(): boolean {
    return this.options.again ?? false;
  }

  /** Says what is going to take long. */
  readonly forewarn = (text: string): void => {
    this.log.info(text);
  };

  readonly progressOf = (file: SourceFile) => {
    const { log, options } = this;
    const every = options.onProgress === undefined ? PROGRESS_EVERY_MS : PROGRESS_BAR_EVERY_MS;
    const report = options.onProgress ?? ((progress: Progress) => log.info(progressLine(progress)));
    const meter = new ProgressMeter(file.displayPath, every, report);
    return (position: number, size: number | null) => meter.update(position, size);
  };

  /** Models are not built meanwhile. */
  async whileLoading<T>(work: () => Promise<T>): Promise<T> {
    this.loading++;
    try {
      return await work();
    } finally {
      this.loading--;
    }
  }

  private worker(): Omit<Worker, 'unsettle' | 'holdBack'> {
    const { context, again, progressOf, forewarn, settings, lineageEvents } = this;
    const { loadStarted: onIdentified, loadAbandoned: abandon } = lineageEvents;
    const { stallMs } = settings;
    return {
      execute: (items, signal, onPublished) => {
        const files = items.map(({ file }) => file);
        return this.whileLoading(() =>
          watchForStall(files, { signal, stallMs }, (until, alive) =>
            runGroup(context, items, {
              ...{ signal: until, again, alive, progressOf, forewarn, onPublished, onIdentified },
            }),
          ),
        );
      },
      conclude: (file, run, error) => this.conclude(file, run, error),
      abandon,
      finish: (files) => this.finish(files),
    };
  }

  async conclude(
    file: SourceFile,
    run: Parameters<Worker['conclude']>[1],
    error: SluiceError,
  ): Promise<void> {
    const status = endStatusOf(error);
    const { sha256 } = error.facts;
    await inTransaction(this.database.pool, async (client) => {
      const { runId } = run;
      await endLoadJobs(client, file, { runId, status, errorCode: error.code, errorMessage: error.message });
      const end = {
        status,
        sha256: typeof sha256 === 'string' ? sha256 : null,
        bytes: file.identity.size,
        error,
      } as const;
      await endRuns(client, [{ file, run, end }]);
    });
    stepDone('run concluded', file.displayPath);
  }

  /** What was superseded by these files has a new outcome as well. */
  async finish(files: readonly SourceFile[]): Promise<void> {
    await this.outcomes.write(files);
    this.transforms.request();
    this.freshness.published();
    const superseded = await supersededFiles(this.database.pool, files);
    if (superseded.length > 0) await this.outcomes.writePending(superseded);
  }

  private tellFreshness({ dataset, result }: FreshnessChange): void {
    const { name, status, severity, message, rowsChecked } = result;
    if (status === 'passed') this.log.info(`${dataset} has come: ${rowsChecked} rows | check ${name}`);
    else this.log[severity === 'fail' ? 'error' : 'warn'](`${dataset} is late: ${message} | check ${name}`);
  }

  private announce(outcome: Outcome): void {
    const { origin, fileId } = outcome.file;
    const isDoubtful =
      outcome.status === 'published' && outcome.checks.some(({ status }) => status === 'warned');
    this.log[LEVELS[outcome.status] ?? (isDoubtful ? 'warn' : 'info')](
      outcomeLine(outcome),
      outcomeFields(outcome),
    );
    this.lineageEvents.loaded(outcome);
    // What an earlier process left is no outcome of what this one was asked to do.
    if (this.options.onOutcome !== undefined && outcome.errorCode !== 'PULL_INTERRUPTED') {
      this.announced.add(fileId);
      this.options.onOutcome(outcome);
    }
    if (origin === 'pull') return;
    const finished = finishedFile(outcome);
    if (finished !== null) this.grownFiles.remember(finished);
    if (outcome.kept === null || outcome.kept.path.equals(outcome.file.path)) this.onLeft(outcome.file);
  }

  /** What was held is no longer there to be decided upon: it comes in again, as it is now. */
  private async takeBack({ fileId, runId, status, displayPath: shown }: FinishedFile): Promise<void> {
    this.log.warn(`${shown} has grown since run ${runId} read it; it is taken again`);
    if (status === 'held') await discardHeld(this.database.pool, fileId);
  }
}

async function sweep({ pool }: Database, { stagingSchema }: Settings, log: Log): Promise<void> {
  const swept = await sweepSegments(pool, stagingSchema);
  if (swept > 0) log.info(`dropped ${swept} segments that an interrupted load had left`);
}
