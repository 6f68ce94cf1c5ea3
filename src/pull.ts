import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceSettings } from './config/settings.ts';
import { toSluiceError } from './db/database-error.ts';
import { hasCode, SluiceError } from './errors.ts';
import { endedPull, forgetPull, interruptedSources, registerPull, unfinishedPulls } from './ledger/pulls.ts';
import { type RunningFile, startRuns } from './ledger/runs.ts';
import type { SourceFile } from './ledger/source-file.ts';
import { safeText } from './log/safe-text.ts';
import type { Application } from './main.ts';
import { identifyTable, type PulledTable, pulledTable } from './pipelines/identify/identify-table.ts';
import { runPulled } from './pipelines/run-pipeline.ts';
import { backoffMs } from './queue/backoff.ts';
import { watchForStall } from './queue/stall-watch.ts';
import { chooseTables } from './sources/choose-tables.ts';
import { openSource } from './sources/open-source.ts';
import type { Source } from './sources/source.ts';

/** The tables that are pulled from a source, each with the dataset it feeds. */
export async function tablesToPull(
  source: Source,
  settings: SourceSettings,
  datasets: Application['settings']['datasets'],
  wanted: readonly string[],
): Promise<PulledTable[]> {
  const tables = (await chooseTables(source, settings, wanted)).map((table) =>
    pulledTable(settings.name, table, datasets),
  );
  for (const [at, { dataset, table }] of tables.entries()) {
    const twin = tables.slice(0, at).find((earlier) => earlier.dataset === dataset);
    if (twin === undefined) continue;
    const names = `${twin.table.name} and ${table.name}`;
    throw new SluiceError('SOURCE_DATASET_SHARED', { source: settings.name, tables: names, dataset });
  }
  return tables;
}

/**
 * One pull: tables of a source, one after the other, each a run of its own, all from one snapshot. A table that fails does not keep
 * the others from being loaded.
 */
export class Pull {
  private readonly abort = new AbortController();
  private stopping = false;
  private working: Promise<void> = Promise.resolve();
  private source: Source | null = null;
  /** Tables whose rows are those of the snapshot that is open. */
  private taken = 0;

  constructor(
    private readonly application: Application,
    private readonly settings: SourceSettings,
  ) {
    // Nothing else ends a reading that waits for the source.
    this.abort.signal.addEventListener('abort', () => void this.source?.close());
  }

  /** Resolves when every table has an outcome, or the pull was stopped. */
  run(wanted: readonly string[]): Promise<void> {
    this.working = this.pullAll(wanted);
    return this.working;
  }

  /** The table that is being loaded may end by itself for `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    const grace = setTimeout(() => this.abort.abort(), graceMs);
    await this.working.catch(() => {});
    clearTimeout(grace);
  }

  abortNow(): void {
    this.abort.abort();
  }

  private async pullAll(wanted: readonly string[]): Promise<void> {
    const { leases } = this.application;
    const { name } = this.settings;
    await this.hold();
    try {
      await endInterrupted(this.application, name);
      const source = await this.open();
      const tables = await tablesToPull(source, this.settings, this.application.settings.datasets, wanted);
      for (const [at, table] of tables.entries()) {
        if (!(await this.pullTable(table)) || this.stopping) {
          this.reportLeft(tables.slice(at + 1));
          break;
        }
      }
    } finally {
      await this.source?.close();
      await leases.releaseSource(name).catch(() => {});
    }
  }

  private reportLeft(tables: readonly PulledTable[]): void {
    if (tables.length === 0) return;
    const names = tables.map(({ table }) => table.name).join(', ');
    this.application.log.warn(`not pulled from ${this.settings.name}: ${names}`);
  }

  private async open(): Promise<Source> {
    for (let attempt = 1; ; attempt++) {
      try {
        this.source = await openSource(this.settings);
        this.taken = 0;
        return this.source;
      } catch (error) {
        if (!(await this.mayRetry(toSluiceError(error), attempt, `source ${this.settings.name}`)))
          throw error;
      }
    }
  }

  /** False when the snapshot is gone and other tables have been loaded from it: what follows would not belong to them. */
  private async pullTable(table: PulledTable): Promise<boolean> {
    const { context } = this.application;
    const title = safeText(table.title);
    const file = await registerPull(context.pool, {
      source: this.settings.name,
      table: table.table.name,
      title,
    });
    for (let attempt = 1; ; attempt++) {
      const item = await this.start(file, title);
      const failure = item === null ? null : await this.load(item, table);
      if (failure === null || hasCode(failure, 'ALREADY_PUBLISHED')) this.taken++;
      if (item === null || failure === null) {
        await this.finish(file);
        return true;
      }
      const isOver = this.source?.isLost === true && this.taken > 0;
      const problem =
        !isOver && (await this.mayRetry(failure, attempt, title)) ? await this.reopen() : failure;
      if (problem === null) {
        this.application.lineageEvents.loadAbandoned(item, failure);
        continue;
      }
      await this.conclude(item, problem);
      return this.source?.isLost !== true;
    }
  }

  /** The next attempt; null when the last one ended the run, although what it told of that did not come. */
  private async start(file: SourceFile, title: string): Promise<RunningFile | null> {
    for (let attempt = 1; ; attempt++) {
      try {
        const [item] = await startRuns(this.application.context.pool, [file]);
        return item ?? null;
      } catch (error) {
        if (!(await this.mayRetry(toSluiceError(error), attempt, title))) throw error;
      }
    }
  }

  /** Null when there is a snapshot to go on from: the one there was, or a new one. */
  private async reopen(): Promise<SluiceError | null> {
    try {
      await this.hold();
      if (this.source?.isLost === true) await this.open();
      return null;
    } catch (error) {
      return toSluiceError(error);
    }
  }

  /** It may have been lost with the connection to the database. */
  private async hold(): Promise<void> {
    const { name } = this.settings;
    if (!(await this.application.leases.holdSource(name)))
      throw new SluiceError('SOURCE_PULLED', { source: name });
  }

  /** Null when it is published. */
  private async load(item: RunningFile, table: PulledTable): Promise<SluiceError | null> {
    const { application } = this;
    const { file, run } = item;
    const source = this.source as Source;
    const options = { signal: this.abort.signal, stallMs: application.settings.stallMs };
    const failures = await application.whileLoading(() =>
      watchForStall([file], options, async (signal, alive) => {
        const failed = new Map<number, unknown>();
        try {
          // How long the source takes to answer is its own affair.
          alive([file], true);
          const entry = await identifyTable(source, table);
          await runPulled(application.context, file, run, {
            ...{ signal, alive, entry, again: application.again, progressOf: application.progressOf },
            forewarn: application.forewarn,
            onIdentified: application.lineageEvents.loadStarted,
          });
        } catch (error) {
          failed.set(file.fileId, error);
        }
        return failed;
      }),
    );
    if (!failures.has(file.fileId)) return null;
    const failure = toSluiceError(failures.get(file.fileId));
    // What hangs in a reading is of no more use.
    if (hasCode(failure, 'RUN_STALLED')) await source.close();
    return failure;
  }

  private async mayRetry(error: SluiceError, attempt: number, what: string): Promise<boolean> {
    const { settings, log } = this.application;
    if (error.kind !== 'transient' || attempt >= settings.maxAttempts || this.isStopped(error)) return false;
    const delayMs = backoffMs(attempt);
    log.warn(`${what} is tried again in ${(delayMs / 1000).toFixed(1)} s: ${error.code}: ${error.message}`);
    await sleep(delayMs, undefined, { signal: this.abort.signal }).catch(() => {});
    return !this.stopping;
  }

  private isStopped(error: SluiceError): boolean {
    return this.stopping || this.abort.signal.aborted || hasCode(error, 'RUN_STOPPED');
  }

  private async conclude(item: RunningFile, failure: SluiceError): Promise<void> {
    const { file, run } = item;
    const error = this.isStopped(failure)
      ? new SluiceError('PULL_INTERRUPTED', { file: file.displayPath }, failure)
      : failure;
    await this.application.conclude(file, run, error);
    await this.finish(file);
  }

  private async finish(file: SourceFile): Promise<void> {
    await this.application.finish([await endedPull(this.application.context.pool, file)]);
  }
}

/**
 * Ends what pulls have left that were interrupted by the end of their process: of one source, which the caller holds, or of every
 * source that nobody holds. Nothing of it was visible.
 */
export async function endInterrupted(
  application: Application,
  ofSource: string | null = null,
): Promise<void> {
  const { leases, context } = application;
  if (ofSource === null) {
    for (const source of await interruptedSources(context.pool)) {
      if (!(await leases.holdSource(source))) continue;
      await endInterrupted(application, source);
      await leases.releaseSource(source);
    }
    return;
  }
  for (const { file, run } of await unfinishedPulls(context.pool, ofSource)) {
    if (run === null) {
      await forgetPull(context.pool, file);
      continue;
    }
    const error = new SluiceError('PULL_INTERRUPTED', { file: file.displayPath });
    await application.conclude(file, run, error);
    await application.finish([file]);
  }
}
