import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './world.ts';

const TABLES = ['feed_a', 'feed_b', 'feed_c', 'rates', 'stock', 'whole'];
/** Its files replace each other: from the first on exactly one is there. */
const REPLACED = 'whole';
const EVERY_MS = 20;

/** Reads the tables all the time, as dashboards do, and notes how many rows of each run could be seen. */
export class CountWatcher {
  reads = 0;
  private readonly seen = new Map<number, Set<number>>();
  /** How many runs of `REPLACED` somebody saw at once, other than one. */
  private readonly notOne = new Set<number>();
  private began = false;
  private stopped = false;
  private readonly loop: Promise<void>;

  constructor(private readonly world: World) {
    this.loop = this.watch();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.loop;
  }

  /** I2: runs of which somebody saw another number of rows than they have. */
  async seenInPart(): Promise<string[]> {
    const { rows } = await this.world.pool.query<{ run_id: number; rows: number; counts: number[] }>(
      `select run_id, sum(rows_loaded)::bigint as rows, array_agg(rows_loaded::float8) as counts
         from sluice.load_job where run_id = any($1::bigint[]) group by run_id`,
      [[...this.seen.keys()]],
    );
    const whole = new Map(rows.map((row) => [row.run_id, new Set([row.rows, ...row.counts])]));
    const problems: string[] = [];
    for (const [run, counts] of this.seen) {
      // An archive may feed one table by several entries, all of which appear at once.
      for (const count of counts) {
        if (
          whole.get(run)?.has(count) ||
          isSumOf(count, rows.find((row) => row.run_id === run)?.counts ?? [])
        )
          continue;
        problems.push(`somebody saw ${count} rows of run ${run}, which has ${[...(whole.get(run) ?? [])]}`);
      }
    }
    this.seen.clear();
    problems.push(
      ...[...this.notOne].map((runs) => `somebody saw ${runs} deliveries of ${REPLACED} at once`),
    );
    return problems;
  }

  private async watch(): Promise<void> {
    while (!this.stopped) {
      for (const table of TABLES) await this.look(table).catch(() => sleep(200));
      await sleep(EVERY_MS);
    }
  }

  private async look(table: string): Promise<void> {
    const { rows } = await this.world.pool.query<{ run: number; n: number }>(
      `select _run_id as run, count(*) as n from staging.${table} group by 1`,
    );
    this.reads++;
    if (table === REPLACED) {
      this.began ||= rows.length > 0;
      if (this.began && rows.length !== 1) this.notOne.add(rows.length);
    }
    for (const { run, n } of rows) {
      const counts = this.seen.get(run) ?? new Set();
      this.seen.set(run, counts.add(n));
    }
  }
}

function isSumOf(count: number, parts: readonly number[]): boolean {
  let sums = new Set([0]);
  for (const part of parts) sums = new Set([...sums, ...[...sums].map((sum) => sum + part)]);
  return sums.has(count);
}
