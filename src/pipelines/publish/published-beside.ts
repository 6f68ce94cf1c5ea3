import type { PoolClient } from 'pg';
import { qualified } from '../../db/identifiers.ts';
import { claimedLoads } from '../../ledger/redelivery.ts';
import { publishedLoads } from '../../ledger/undo.ts';
import type { LoadPlan } from '../plan/run-plan.ts';
import type { PublishInput } from './publish-run.ts';

/**
 * The published rows of a dataset but for those of some runs, as a SELECT: of the parent when that has all the columns,
 * else of the version table. Null when there is none of them yet.
 */
export async function rowsBeside(
  client: PoolClient,
  { parent, version }: Pick<LoadPlan, 'parent' | 'version'>,
  columns: readonly string[],
  without: readonly number[],
): Promise<string | null> {
  for (const { schema, name } of [parent, version]) {
    const { rowCount } = await client.query(
      `select from pg_attribute where attrelid = to_regclass($1) and attname = any($2) and not attisdropped`,
      [qualified(schema, name), [...columns]],
    );
    if (rowCount !== new Set(columns).size) continue;
    return `select * from ${qualified(schema, name)} where _run_id <> all('{${without.join(',')}}'::bigint[])`;
  }
  return null;
}

/**
 * The runs whose rows of a dataset go when a run is published, asked before that happens. Not exact when such a run has other
 * rows in the dataset, which stay.
 */
export async function runsThatGo(
  client: PoolClient,
  { run, redelivery }: PublishInput,
  dataset: string,
): Promise<{ runs: readonly number[]; isExact: boolean }> {
  const going = [
    ...(await Promise.all(redelivery.runs.map((runId) => publishedLoads(client, runId)))),
    ...(await Promise.all(
      redelivery.supersedes.map((claim) => claimedLoads(client, claim, run.runId, redelivery.replayed)),
    )),
  ].flat();
  const loads = going.filter((load) => load.dataset === dataset);
  const runs = [...new Set(loads.map(({ runId }) => runId))];
  const { rowCount } = await client.query(
    `select from sluice.load_job l join sluice.dataset d using (dataset_id)
      where l.run_id = any($1::bigint[]) and d.name = $2 and l.status = 'published' and l.load_id <> all($3::bigint[])`,
    [runs, dataset, loads.map(({ loadId }) => loadId)],
  );
  return { runs, isExact: rowCount === 0 };
}
