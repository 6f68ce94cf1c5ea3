import { Cron } from 'croner';
import PQueue from 'p-queue';
import type { Pool } from 'pg';
import type { ExportConfig } from '../../config/define.ts';
import { toSluiceError } from '../../db/database-error.ts';
import { isOutage } from '../../db/outage.ts';
import type { SluiceError } from '../../errors.ts';
import { exportsTriedLast, readExportInputs } from '../../ledger/exports.ts';
import type { Log } from '../../log.ts';
import { hasMissed } from '../../missed-schedule.ts';
import type { ExportSettings, ExportTrigger } from './export-job.ts';
import { exportedLine } from './exported-line.ts';
import { haveChanged, inputsOf, readSignatures } from './inputs.ts';
import { recoverExports } from './recover-exports.ts';
import { runExport } from './run-export.ts';

const LONGEST_PAUSE_MS = 60_000;
/** While the database is away, which costs no try, and which others tell of. */
const OUTAGE_PAUSE_MS = 2_000;

export interface ExportsOptions {
  readonly pool: Pool;
  readonly settings: ExportSettings;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Tries of one export. */
  readonly maxAttempts: number;
}

/**
 * When exports are written by themselves: after what they follow has changed, and on their schedules. One at a time, and
 * one that waits for its next try keeps none of the others.
 */
export class Exports {
  private readonly queue = new PQueue({ concurrency: 1 });
  private readonly abort = new AbortController();
  private readonly schedules: Cron[] = [];
  /** Names of what waits for its turn: asked for once more, it is done once. */
  private readonly waiting = new Set<string>();
  private readonly pauses = new Set<() => void>();

  constructor(private readonly options: ExportsOptions) {}

  /** Something may have been published, taken back or transformed. */
  request(): void {
    if (this.options.settings.exports.every(({ after }) => after === undefined)) return;
    this.enqueue('', 'looking for exports that are due', () => this.enqueueDue());
  }

  /** Brings what the watching service needs: what is due from before, and the schedules. */
  watch(): void {
    const { pool, settings } = this.options;
    const clear = () => recoverExports(pool, settings, (problem) => this.warn(problem));
    if (settings.exports.length > 0) this.enqueue(' ', 'clearing up exports after a crash', clear);
    this.request();
    const scheduled = settings.exports.filter(({ schedule }) => schedule !== undefined);
    if (scheduled.length === 0) return;
    this.enqueue('  ', 'looking for exports whose time has passed', () => this.enqueueMissed(scheduled));
    for (const wanted of scheduled) {
      this.schedules.push(new Cron(wanted.schedule ?? '', () => this.enqueueExport(wanted, 'schedule')));
    }
  }

  /** Resolves when nothing waits and nothing is being written; what waits for its next try is left to the next start. */
  async settled(): Promise<void> {
    await this.queue.onIdle();
  }

  /** What is being written is given up, and no file of it is left; what is due is written after the next start. */
  async stop(): Promise<void> {
    for (const schedule of this.schedules.splice(0)) schedule.stop();
    this.abort.abort();
    for (const end of this.pauses) end();
    await this.queue.onIdle();
  }

  private async enqueueDue(): Promise<void> {
    const { pool, settings } = this.options;
    const all = await readSignatures(pool, settings);
    const before = await readExportInputs(pool);
    for (const wanted of settings.exports) {
      const isDue = haveChanged(inputsOf(wanted, all), before.get(wanted.name) ?? null);
      if (isDue) this.enqueueExport(wanted, 'change');
    }
  }

  /** Once, however many of its times have passed while the service was not running. */
  private async enqueueMissed(scheduled: readonly ExportConfig[]): Promise<void> {
    const names = scheduled.map(({ name }) => name);
    const triedLast = await exportsTriedLast(this.options.pool, names);
    for (const wanted of scheduled) {
      const since = triedLast.get(wanted.name);
      if (since !== undefined && hasMissed(wanted.schedule ?? '', since)) {
        this.enqueueExport(wanted, 'schedule');
      }
    }
  }

  private enqueueExport(wanted: ExportConfig, trigger: ExportTrigger): void {
    const { pool, settings, log } = this.options;
    this.enqueue(wanted.name, `export ${wanted.name}`, async () => {
      const { signal } = this.abort;
      const onWarning = (problem: SluiceError) => this.warn(problem);
      const exported = await runExport(pool, settings, { wanted, trigger, signal, onWarning });
      if (exported !== null) log.info(exportedLine(exported), { ...exported });
    });
  }

  private warn({ code, message, remedy }: SluiceError): void {
    this.options.log.warn(`${code}: ${message}. ${remedy}`);
  }

  private enqueue(name: string, shown: string, work: () => Promise<void>, attempt = 1): void {
    if (this.abort.signal.aborted || this.waiting.has(name)) return;
    this.waiting.add(name);
    void this.queue.add(async () => {
      this.waiting.delete(name);
      if (this.abort.signal.aborted) return;
      try {
        await work();
      } catch (error) {
        this.tryAgain(name, shown, work, attempt, error);
      }
    });
  }

  private tryAgain(
    name: string,
    shown: string,
    work: () => Promise<void>,
    attempt: number,
    error: unknown,
  ): void {
    const { log, maxAttempts } = this.options;
    const problem = toSluiceError(error);
    const { code, kind, message, remedy } = problem;
    if (this.abort.signal.aborted) return;
    if (isOutage(problem)) {
      this.later(OUTAGE_PAUSE_MS, () => this.enqueue(name, shown, work, attempt));
      return;
    }
    if (kind === 'terminal' || attempt >= maxAttempts) {
      log.error(`${code}: ${message}. ${remedy}`);
      return;
    }
    const pause = Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** (attempt - 1));
    log.warn(`${shown} is tried again in ${pause / 1000} s: ${code}: ${message}`);
    this.later(pause, () => this.enqueue(name, shown, work, attempt + 1));
  }

  private later(ms: number, work: () => void): void {
    const end = () => {
      clearTimeout(timer);
      this.pauses.delete(end);
    };
    const timer = setTimeout(() => {
      end();
      work();
    }, ms);
    this.pauses.add(end);
  }
}
