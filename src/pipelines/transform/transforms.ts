import { Cron } from 'croner';
import type { Pool } from 'pg';
import { toSluiceError } from '../../db/database-error.ts';
import { isOutage } from '../../db/outage.ts';
import type { SluiceError } from '../../errors.ts';
import { modelsTriedLast, readKnownModels } from '../../ledger/models.ts';
import type { Log } from '../../log.ts';
import { hasMissed } from '../../missed-schedule.ts';
import type { Model } from './model.ts';
import { readModels } from './read-models.ts';
import type { ModelRun, TransformedModel } from './transformed.ts';
import {
  type TransformOptions,
  type TransformSettings,
  type TransformTrigger,
  transform,
} from './transformer.ts';

/** A burst is over when nothing is loaded and nothing was published for so long; it is waited for no longer than the second. */
const QUIET_MS = 250;
const LONGEST_BURST_MS = 10_000;
const LONGEST_PAUSE_MS = 60_000;
/** While the database is away, which costs no try. */
const OUTAGE_PAUSE_MS = 2_000;

export interface TransformsOptions {
  readonly pool: Pool;
  readonly settings: TransformSettings;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Tries of one transform. */
  readonly maxAttempts: number;
  /** True while files are being loaded: more will be published in a moment. */
  isLoading(): boolean;
  /** Called after a transform, also when nothing had to be made or something could not be. */
  onDone?(): void;
  /** Told what became of the models. */
  onResults?(results: readonly TransformedModel[]): void;
  /** Told of each model that is being made, and of each whose making is rolled back. */
  onRun?(run: ModelRun): void;
}

/** Null: all; some are found out when it is their turn. */
type WantedNames = readonly string[] | null | (() => Promise<readonly string[]>);

/** When models are brought up to date: after publishes, once for a burst of them; on their schedules; by command. */
export class Transforms {
  private timer: NodeJS.Timeout | null = null;
  private burstBegan = 0;
  private working: Promise<void> = Promise.resolve();
  private readonly abort = new AbortController();
  private readonly schedules: Cron[] = [];
  private waiters: (() => void)[] = [];
  private busy = 0;

  constructor(private readonly options: TransformsOptions) {}

  /** Something has been published or taken back. */
  request(trigger: TransformTrigger = 'publish'): void {
    if (this.abort.signal.aborted) return;
    const now = performance.now();
    if (this.timer === null) this.burstBegan = now;
    else clearTimeout(this.timer);
    this.arm(trigger, QUIET_MS);
  }

  /** Tables of base data that have never been made are made now, before files refer to them; changed ones soon. */
  async loadBase(): Promise<void> {
    const { pool, settings, log } = this.options;
    const { signal } = this.abort;
    try {
      const base = (await readModels(settings)).filter(({ isBase }) => isBase);
      if (base.length === 0) return;
      const known = new Map((await readKnownModels(pool, settings.dwSchema)).map((one) => [one.name, one]));
      const missing = base.filter(({ name }) => (known.get(name)?.hash ?? null) === null);
      const names = missing.map(({ name }) => name);
      if (names.length > 0) {
        this.report(
          await transform(pool, settings, { trigger: 'start', names, whole: false, ...this.told() }),
        );
      }
      if (base.some(({ name, hash }) => known.get(name)?.hash !== hash)) this.request('start');
    } catch (error) {
      const problem = toSluiceError(error);
      if (signal.aborted) return;
      // What is wrong with models does not keep files from being loaded, and what passes is tried again.
      if (problem.kind === 'terminal') log.error(said(problem));
      else this.request('start');
    }
  }

  /** Brings what the watching service needs: what is stale from before, and the schedules. */
  async watch(): Promise<void> {
    this.request('start');
    const models = await readModels(this.options.settings).catch(() => []);
    const timed = models.filter(({ schedule }) => schedule !== null && schedule !== 'manual');
    for (const { name, schedule } of timed) {
      this.schedules.push(new Cron(schedule ?? '', () => this.enqueue('schedule', [name])));
    }
    if (timed.length > 0) this.enqueue('schedule', () => this.missed(timed));
  }

  /** Models of which a time has passed since they were tried last. */
  private async missed(timed: readonly Pick<Model, 'name' | 'schedule'>[]): Promise<string[]> {
    const { pool, settings } = this.options;
    const names = timed.map(({ name }) => name);
    const triedLast = await modelsTriedLast(pool, settings.dwSchema, names);
    const isMissed = (schedule: string | null, since: Date | undefined) =>
      since !== undefined && hasMissed(schedule ?? '', since);
    return timed.flatMap(({ name, schedule }) => (isMissed(schedule, triedLast.get(name)) ? [name] : []));
  }

  /** Resolves when nothing is requested and nothing is being made. */
  async settled(): Promise<void> {
    if (this.timer !== null) {
      clearTimeout(this.timer);
      this.begin('publish');
    }
    while (this.busy > 0) await new Promise<void>((resolve) => this.waiters.push(resolve));
  }

  /** Once, now, by command; throws what is wrong. */
  run(options: Omit<TransformOptions, 'signal' | 'trigger'>): Promise<TransformedModel[]> {
    const { pool, settings } = this.options;
    return transform(pool, settings, { ...options, trigger: 'command', ...this.told() }).then((results) => {
      this.options.onResults?.(results);
      this.options.onDone?.();
      return results;
    });
  }

  /** What is being made is rolled back; the next start makes it. */
  async stop(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    for (const schedule of this.schedules.splice(0)) schedule.stop();
    this.abort.abort();
    await this.working;
  }

  private told(): Pick<TransformOptions, 'signal' | 'onRun'> {
    const { onRun } = this.options;
    return { signal: this.abort.signal, ...(onRun !== undefined && { onRun }) };
  }

  private report(results: readonly TransformedModel[]): void {
    report(this.options.log, results);
    this.options.onResults?.(results);
  }

  private begin(trigger: TransformTrigger): void {
    this.timer = null;
    this.enqueue(trigger, null);
  }

  private arm(trigger: TransformTrigger, ms: number): void {
    const left = this.burstBegan + LONGEST_BURST_MS - performance.now();
    const onQuiet = () => {
      const isOver = performance.now() >= this.burstBegan + LONGEST_BURST_MS;
      if (this.options.isLoading() && !isOver) this.arm(trigger, QUIET_MS);
      else this.begin(trigger);
    };
    this.timer = setTimeout(onQuiet, Math.max(0, Math.min(ms, left)));
  }

  private enqueue(trigger: TransformTrigger, names: WantedNames): void {
    this.busy++;
    this.working = this.working
      .then(() => this.tryUntilDone(trigger, names))
      .finally(() => {
        if (!this.abort.signal.aborted) this.options.onDone?.();
        this.busy--;
        for (const resolve of this.waiters.splice(0)) resolve();
      });
  }

  private async tryUntilDone(trigger: TransformTrigger, wanted: WantedNames): Promise<void> {
    const { pool, settings, log, maxAttempts } = this.options;
    const { signal } = this.abort;
    let isAway = false;
    for (let attempt = 1; !signal.aborted; ) {
      try {
        const names = typeof wanted === 'function' ? await wanted() : wanted;
        if (names?.length === 0) return;
        this.report(await transform(pool, settings, { trigger, names, whole: false, ...this.told() }));
        return;
      } catch (error) {
        const problem = toSluiceError(error);
        if (signal.aborted) return;
        if (isOutage(problem)) {
          if (!isAway) log.warn(`the transform waits for the database: ${problem.code}: ${problem.message}`);
          isAway = true;
          await sleep(OUTAGE_PAUSE_MS, signal);
          continue;
        }
        if (problem.kind === 'terminal' || attempt >= maxAttempts) return log.error(said(problem));
        const pause = Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** (attempt - 1));
        log.warn(`the transform is tried again in ${pause / 1000} s: ${problem.code}: ${problem.message}`);
        await sleep(pause, signal);
        attempt++;
      }
    }
  }
}

function report(log: TransformsOptions['log'], results: readonly TransformedModel[]): void {
  for (const result of results) {
    if (result.error !== null) log.error(said(result.error));
    const { model, materialized, rowsInserted, rowsUpdated, rowsDeleted, seconds, warnings } = result;
    const doubts = warnings.map((warning) => ` | check warned: ${warning}`).join('');
    if (result.status !== 'built') {
      if (doubts !== '') log.warn(`${model}${doubts}`);
      continue;
    }
    const rows = materialized === 'view' ? '' : ` +${rowsInserted} ~${rowsUpdated} -${rowsDeleted} rows |`;
    log[doubts === '' ? 'info' : 'warn'](
      `transformed ${model} | ${materialized} |${rows} ${seconds.toFixed(2)} s${doubts}`,
    );
  }
}

function said({ code, message, remedy }: SluiceError): string {
  return `${code}: ${message}. ${remedy}`;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
