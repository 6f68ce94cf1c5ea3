import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const LOG_FILE = /^sluice-(\d{4})-(\d{2})-(\d{2})(?:\.\d+)?\.log$/;
const DAY_MS = 86_400_000;

/**
 * Deletes the log files of days before the last `logDays` days; the date in the name counts.
 *
 * Best effort: what cannot be deleted now is tried again with the next log file.
 */
export async function deleteOldLogs(folder: string, logDays: number, now = new Date()): Promise<void> {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const oldest = midnight - logDays * DAY_MS;
  const names = await readdir(folder).catch(() => []);
  const old = names.filter((name) => dayOf(name) < oldest);
  await Promise.allSettled(old.map((name) => rm(join(folder, name))));
}

/** Midnight of the day a log file is for; infinity for other files, which are never old. */
function dayOf(name: string): number {
  const [, year, month, day] = LOG_FILE.exec(name) ?? [];
  if (year === undefined) return Number.POSITIVE_INFINITY;
  return new Date(Number(year), Number(month) - 1, Number(day)).getTime();
}
