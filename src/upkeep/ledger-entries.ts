import { lstat } from 'node:fs/promises';
import type { Pool } from 'pg';
import { forgetFiles, forgetHistory, forgettableFiles } from '../ledger/forget.ts';
import type { Removed } from './try-each.ts';

/** Files that are forgotten in one transaction. */
const PAGE = 500;

/**
 * Deletes from the ledger what it knows about files of which nothing is published, and which are gone; and the history of
 * models and checks. A file that is there is not forgotten: one that was left in the imports folder would come in again.
 */
export async function forgetOldEntries(
  pool: Pool,
  days: number,
  plan: boolean,
  signal: AbortSignal,
): Promise<Removed> {
  const forgettable = await forgettableFiles(pool, days);
  const gone: number[] = [];
  for (const { fileId, path } of forgettable) {
    if ((await lstat(path).catch(() => null)) === null) gone.push(fileId);
  }
  let count = 0;
  for (let at = 0; at < gone.length && !signal.aborted; at += PAGE) {
    const page = gone.slice(at, at + PAGE);
    if (!plan) await forgetFiles(pool, page);
    count += page.length;
  }
  count += await forgetHistory(pool, days, plan);
  return { count, bytes: 0, needed: forgettable.length - gone.length, errors: [] };
}
