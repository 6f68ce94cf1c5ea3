import type { PoolClient } from 'pg';

/** Milliseconds to wait for another load of the same dataset. */
const DATASET_TIMEOUT_MS = 60_000;
/** Milliseconds to wait for a lock that readers may hold, before letting go and trying again. */
const LOCK_TIMEOUT_MS = 200;

/**
 * Holds datasets until the transaction ends, one load of each at a time. They are locked in the order of their
 * names, so that two runs cannot wait for each other. From then on no lock is waited for any longer than readers
 * can bear to queue behind us.
 */
export async function lockDatasets(client: PoolClient, datasets: readonly string[]): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = ${DATASET_TIMEOUT_MS}`);
  for (const dataset of [...new Set(datasets)].sort()) {
    await client.query("select pg_advisory_xact_lock(hashtextextended('sluice:dataset:' || $1, 0))", [
      dataset,
    ]);
  }
  await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
}
