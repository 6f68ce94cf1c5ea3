import { Cron } from 'croner';
import type { Pool } from 'pg';
import type { DatasetConfig } from '../../config/define.ts';
import { messageOf } from '../../errors.ts';
import { lastResult, saveChecks } from '../../ledger/checks.ts';
import type { CheckResult } from './check-result.ts';
import { deadlinePattern, evaluateFreshness, type Freshness, lastDeadline } from './freshness.ts';

const LOOK_AGAIN_MS = 60_000;

/** A feed is late, or what was late has come. */
export interface FreshnessChange {
  readonly dataset: string;
  readonly result: CheckResult;
}

export interface FreshnessWatchOptions {
  readonly pool: Pool;
  readonly feeds: readonly Feed[];
  /** Told once when a feed is late, for each deadline, and once when it is no longer. */
  onChange(change: FreshnessChange): void;
  /** Told when the ledger could not be asked; it is asked again. */
  onFailure(message: string): void;
}

/** Looks at each deadline whether a feed has come, and, while one is late, after every publish. */
export class FreshnessWatch {
  private readonly schedules: Cron[] = [];
  /** Feeds that are late, or of which it is not known. */
  private readonly late = new Set<Feed>();
  private working: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly options: FreshnessWatchOptions) {}

  /** Deadlines that passed while nobody watched are made up for. */
  async watch(): Promise<void> {
    for (const feed of this.options.feeds) {
      this.schedules.push(new Cron(deadlinePattern(feed.config), () => this.look([feed])));
      this.look([feed]);
    }
    await this.working;
  }

  /** Something has been published. */
  published(): void {
    if (this.late.size > 0) this.look([...this.late]);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    for (const schedule of this.schedules.splice(0)) schedule.stop();
    await this.working;
  }

  private look(feeds: readonly Feed[]): void {
    if (this.stopped) return;
    this.working = this.working.then(async () => {
      for (const feed of feeds) {
        try {
          await this.lookAt(feed);
        } catch (error) {
          this.late.add(feed);
          this.options.onFailure(`freshness of ${feed.dataset} is not known: ${messageOf(error)}`);
        }
      }
      clearTimeout(this.timer);
      // Another process may bring what is late.
      if (this.late.size > 0 && !this.stopped) this.timer = setTimeout(() => this.published(), LOOK_AGAIN_MS);
    });
  }

  private async lookAt(feed: Feed): Promise<void> {
    const { pool } = this.options;
    const { dataset, config } = feed;
    const deadline = lastDeadline(config, new Date());
    const result = await evaluateFreshness(pool, dataset, config, deadline);
    const subject = { kind: 'dataset', name: dataset, runId: null } as const;
    const before = await lastResult(pool, subject, result.name);
    const isLate = result.status !== 'passed';
    const wasLate = before !== null && before.status !== 'passed';
    if (isLate) this.late.add(feed);
    else this.late.delete(feed);
    const isKnown = before !== null && before.checkedAt >= deadline.at && isLate === wasLate;
    if (isKnown) return;
    await saveChecks(pool, subject, [result]);
    if (isLate || wasLate) this.options.onChange({ dataset, result });
  }
}

/** A dataset, and when something of it is due. */
export interface Feed {
  readonly dataset: string;
  readonly config: Freshness;
}

/** Every dataset with a check of freshness. */
export function feedsOf(datasets: readonly DatasetConfig[], nameOf: (configured: string) => string): Feed[] {
  return datasets.flatMap(({ name, checks = [] }) =>
    checks.flatMap((config) => (config.check === 'freshness' ? [{ dataset: nameOf(name), config }] : [])),
  );
}
