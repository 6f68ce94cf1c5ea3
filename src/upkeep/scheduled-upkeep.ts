import { Cron } from 'croner';
import { toSluiceError } from '../db/database-error.ts';
import type { Log } from '../log.ts';
import { hasRules, type UpkeepRequest, upkeep, upkeepLine } from './upkeep.ts';

/** Upkeep by its schedule, as long as the service runs. One at a time; one that is due meanwhile is passed over. */
export class ScheduledUpkeep {
  private schedule: Cron | null = null;
  private working: Promise<void> = Promise.resolve();
  private readonly abort = new AbortController();

  constructor(
    private readonly options: Pick<UpkeepRequest, 'pool' | 'settings'>,
    private readonly log: Pick<Log, 'info' | 'warn' | 'error'>,
  ) {}

  /** Does nothing without rules. */
  watch(): void {
    const { upkeep: rules } = this.options.settings;
    if (!hasRules(rules)) return;
    this.schedule = new Cron(rules.schedule, { protect: true }, () => {
      this.working = this.run();
      return this.working;
    });
  }

  /** What is under way is broken off where nothing is lost by it. */
  async stop(): Promise<void> {
    this.schedule?.stop();
    this.abort.abort();
    await this.working;
  }

  private async run(): Promise<void> {
    try {
      const done = await upkeep({ ...this.options, plan: false, signal: this.abort.signal });
      this.log.info(upkeepLine(done), { upkeep: done });
      for (const error of done.flatMap(({ errors }) => errors)) this.log.warn(`upkeep: ${error}`);
    } catch (thrown) {
      const { code, message, remedy } = toSluiceError(thrown);
      if (!this.abort.signal.aborted) this.log.error(`upkeep: ${code}: ${message}. ${remedy}`);
    }
  }
}
