import path from 'node:path';
import { toArrival } from './arrivals.ts';
import { toSluiceError } from './db/database-error.ts';
import { countWaiting, filesBeforeWatcher, takeFromWatcher } from './ledger/waiting-files.ts';
import type { Application } from './main.ts';
import { endInterrupted } from './pull.ts';
import type { Dispatcher } from './queue/dispatcher.ts';
import { stepDone } from './steps.ts';
import { lstatIfThere } from './watcher/identity.ts';
import type { SettledFile } from './watcher/settled-file.ts';
import { Watcher } from './watcher/watcher.ts';

/** The imports folder, watched: files that settle are registered in the ledger and worked on. */
export class Intake {
  private readonly watcher: Watcher;
  private readonly dispatcher: Dispatcher;
  private looking: NodeJS.Timeout | undefined;
  private look: Promise<void> | null = null;
  private stopping = false;
  /** Of paths in the imports folder; ends with a separator. */
  private readonly root: Buffer;

  constructor(
    private readonly application: Application,
    once = false,
  ) {
    const { settings, log } = application;
    this.root = Buffer.from(settings.importsDir + path.sep);
    this.dispatcher = application.dispatcher({
      unsettle: (file) => this.watcher.recheck(file.path),
      holdBack: (file, reason) => {
        const isHeldBack = this.watcher.holdBack(file.path, reason);
        if (isHeldBack) log.warn(`${reason}; nothing was loaded, and it waits for a correction`);
        return isHeldBack;
      },
    });
    application.leases.onFolderLost = (error) => this.dispatcher.fail(error);
    application.onLeft = (file) => this.watcher.recheck(file.path);
    this.watcher = new Watcher({
      root: settings.importsDir,
      settleMs: settings.settleMs,
      rescanMs: settings.rescanMs,
      usePolling: settings.usePolling,
      incompleteMs: settings.incompleteMs,
      sidecars: application.sidecars,
      takeIncomplete: once ? 'after-settle' : 'after-wait',
      onSettled: (files) => this.take(files),
      onReported: (problem) => log.warn(`${problem.code}: ${problem.message}. ${problem.remedy}`),
    });
  }

  async start(): Promise<void> {
    await this.application.outcomes.writePending();
    await endInterrupted(this.application);
    await this.application.lookForGrown();
    await this.watcher.start();
    this.dispatcher.notify();
    if (this.dispatcher.stopped) return;
    // The file system or the database may be away; the next look finds what this one did not.
    this.looking = setInterval(() => {
      this.look ??= this.lookAround()
        .catch(() => {})
        .finally(() => {
          this.look = null;
        });
    }, this.application.settings.rescanMs);
  }

  /**
   * Finds what nobody tells of: files that grew, what another process has left, outcomes to be carried out and files in
   * the queue, and files that were taken away while they were waited for.
   */
  private async lookAround(): Promise<void> {
    const { grownFiles, outcomes } = this.application;
    await grownFiles.check();
    await outcomes.writePending();
    await this.endVanished();
    this.dispatcher.notify();
  }

  /** The watcher says nothing of a file that is gone; whoever reads it next finds that, and gives it its outcome. */
  private async endVanished(): Promise<boolean> {
    const { pool } = this.application.database;
    const gone: number[] = [];
    for (const { fileId, path: file } of await filesBeforeWatcher(pool, this.root)) {
      if ((await lstatIfThere(file)) === null) gone.push(fileId);
    }
    // Without the folder nothing is known of its files.
    if (gone.length === 0 || (await lstatIfThere(this.root)) === null) return false;
    await takeFromWatcher(pool, gone);
    this.dispatcher.notify();
    return true;
  }

  /** Resolves when everything that was there has an outcome, or on `stop`. */
  async finished(): Promise<void> {
    const { pool } = this.application.database;
    for (;;) {
      await this.watcher.idle();
      await this.dispatcher.idle();
      if (this.stopping) return;
      if (this.watcher.waiting().length > 0 || (await countWaiting(pool, this.root)) > 0) continue;
      if (!(await this.endVanished())) return;
    }
  }

  /** Running loads may end by themselves for `graceMs` milliseconds; then they are rolled back. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    clearInterval(this.looking);
    await this.application.grownFiles.stop();
    await this.look;
    await this.watcher.stop();
    await this.dispatcher.stop(graceMs);
  }

  /** Rejects when the ledger cannot be worked with, and never resolves. */
  failed(): Promise<never> {
    return this.dispatcher.failed();
  }

  abortNow(): void {
    this.dispatcher.abortNow();
  }

  private async take(files: readonly SettledFile[]): Promise<void> {
    for (const file of files) stepDone('file settled', file.relativePath);
    try {
      await this.application.register(files.map(toArrival));
    } catch (error) {
      const problem = toSluiceError(error);
      if (problem.kind === 'terminal') this.dispatcher.fail(problem);
      throw problem;
    }
    for (const file of files) stepDone('file registered', file.relativePath);
    this.dispatcher.notify();
  }
}
