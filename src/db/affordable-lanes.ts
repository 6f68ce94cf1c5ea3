import type { Settings } from '../config/settings.ts';
import type { Database } from './database.ts';

/** As many lanes as wanted, but so that all loads together take at most half of the server's connections. */
export async function affordableLanes(
  database: Database,
  settings: Settings,
  wanted: number,
): Promise<number> {
  const { rows } = await database.pool.query<{ most: number }>(
    "select current_setting('max_connections')::int as most",
  );
  const share = Math.floor((rows[0]?.most ?? 100) / 2 / settings.concurrency) - 1;
  return Math.max(1, Math.min(wanted, share));
}
