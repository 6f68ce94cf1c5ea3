import type { PoolClient } from 'pg';

/** Notes that the rows of published load jobs lie in `segment` now, among others. */
export async function moveLoads(
  client: PoolClient,
  loadIds: readonly number[],
  segment: string,
): Promise<void> {
  await client.query(
    'update sluice.load_job set segments = array[$2::text] where load_id = any($1::bigint[])',
    [loadIds, segment],
  );
}
