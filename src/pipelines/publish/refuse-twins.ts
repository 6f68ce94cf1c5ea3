import type { PoolClient } from 'pg';
import { SluiceError } from '../../errors.ts';
import type { PublishJob } from './publish-run.ts';

/**
 * Refuses content that has been published in another dataset, when its own is only named after the file. Two such files at
 * once go into different datasets, so that the ledger's index cannot tell: a lock on the content lets the
 * second see the first. To be called with the datasets locked and no content locked yet.
 *
 * @throws ALREADY_PUBLISHED
 */
export async function refuseTwins(client: PoolClient, jobs: readonly PublishJob[]): Promise<void> {
  const twins = await publishedTwins(client, jobs);
  const job = jobs.find((one) => isIn(twins, one));
  if (job === undefined) return;
  const facts = { file: job.plan.title, original: 'another file', run: 0 };
  throw new SluiceError('ALREADY_PUBLISHED', facts);
}

/** True for a load job whose content is among these. */
export function isIn(twins: ReadonlySet<string>, job: PublishJob): boolean {
  return isCompared(job) && twins.has(job.loaded.contentSha256);
}

/** Content of these load jobs that has been published in whatever dataset. Holds it until the transaction ends. */
export async function publishedTwins(client: PoolClient, jobs: readonly PublishJob[]): Promise<Set<string>> {
  const hashes = [...new Set(jobs.filter(isCompared).map((job) => job.loaded.contentSha256))].sort();
  if (hashes.length === 0) return new Set();
  await client.query(
    "select pg_advisory_xact_lock(hashtextextended('sluice:content:' || hash, 0)) from unnest($1::text[]) as hash",
    [hashes],
  );
  const { rows } = await client.query<{ hash: string }>(
    `select distinct content_sha256 as hash from sluice.load_job
      where status = 'published' and content_sha256 = any($1::text[]) and records_read > 0`,
    [hashes],
  );
  return new Set(rows.map((row) => row.hash));
}

/** One without records is like any other without records. */
function isCompared({ derived, again, loaded }: PublishJob): boolean {
  return derived && !again && loaded.recordsRead > 0;
}
