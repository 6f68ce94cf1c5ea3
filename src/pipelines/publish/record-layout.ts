import type { PoolClient } from 'pg';
import { SluiceError } from '../../errors.ts';
import type { LoadPlan } from '../plan/run-plan.ts';
import { tableExists } from '../tables/known-dataset.ts';

/** Ledger ids of the tables a load goes into. */
export interface RecordedLayout {
  readonly datasetId: number;
  readonly versionId: number;
}

/**
 * Executes a plan's DDL and records it, under the dataset's lock. A plan made before somebody else changed the
 * dataset is refused as stale, to be made again.
 */
export async function recordLayout(
  client: PoolClient,
  runId: number,
  plan: LoadPlan,
): Promise<RecordedLayout> {
  const { rows } = await client.query<{ dataset_id: number; revision: number }>(
    'select dataset_id, revision from sluice.dataset where name = $1 for update',
    [plan.dataset],
  );
  const current = rows[0];
  if ((current?.revision ?? 0) !== plan.revision) {
    throw new SluiceError('PLAN_STALE', { dataset: plan.dataset, file: plan.title });
  }
  await refuseForeignTables(client, plan);
  for (const statement of plan.ddl) await client.query(statement);
  const datasetId =
    plan.ddl.length === 0 && current !== undefined
      ? current.dataset_id
      : await recordDataset(client, runId, plan);
  if (makes(plan, 'newVersion')) {
    return { datasetId, versionId: await recordVersion(client, runId, plan, datasetId) };
  }
  if (plan.ddl.length > 0) await updateVersions(client, plan, datasetId);
  const versionId = plan.versionId ?? (await findVersion(client, plan, datasetId));
  return { datasetId, versionId };
}

function makes(plan: LoadPlan, kind: 'newDataset' | 'newVersion'): boolean {
  return plan.changes.some((change) => change.kind === kind);
}

/** The version that an earlier load job of this run has made. */
async function findVersion(client: PoolClient, plan: LoadPlan, datasetId: number): Promise<number> {
  const { rows } = await client.query<{ version_id: number }>(
    'select version_id from sluice.version where dataset_id = $1 and version = $2',
    [datasetId, plan.versionNumber],
  );
  const row = rows[0];
  if (row === undefined) throw new SluiceError('PLAN_STALE', { dataset: plan.dataset, file: plan.title });
  return row.version_id;
}

async function refuseForeignTables(client: PoolClient, plan: LoadPlan): Promise<void> {
  const fresh = [
    ...(makes(plan, 'newDataset') ? [plan.parent] : []),
    ...(makes(plan, 'newVersion') ? [plan.version] : []),
  ];
  for (const table of fresh) {
    if (await tableExists(client, table)) {
      throw new SluiceError('TABLE_NOT_OURS', { table: `${table.schema}.${table.name}` });
    }
  }
}

async function recordDataset(client: PoolClient, runId: number, plan: LoadPlan): Promise<number> {
  const { rows } = await client.query<{ dataset_id: number }>(
    `insert into sluice.dataset (name, parent_schema, parent_table, columns, first_run_id)
     values ($1, $2, $3, $4, $5)
     on conflict (name) do update set columns = excluded.columns, revision = dataset.revision + 1
     returning dataset_id`,
    [plan.dataset, plan.parent.schema, plan.parent.name, JSON.stringify(plan.parentColumns), runId],
  );
  return rows[0]?.dataset_id as number;
}

async function recordVersion(
  client: PoolClient,
  runId: number,
  plan: LoadPlan,
  datasetId: number,
): Promise<number> {
  const layout = plan.columns
    .filter((column) => !column.discarded)
    .map(({ name, type, original, origin }) => ({ name, type, original, declared: origin === 'declared' }));
  const { rows } = await client.query<{ version_id: number }>(
    `insert into sluice.version (dataset_id, version, label, table_name, columns, fingerprint, first_run_id)
     values ($1, $2, null, $3, $4, $5, $6) returning version_id`,
    [datasetId, plan.versionNumber, plan.version.name, JSON.stringify(layout), plan.fingerprint, runId],
  );
  return rows[0]?.version_id as number;
}

/** A wider type shows in every version that has the column. */
async function updateVersions(client: PoolClient, plan: LoadPlan, datasetId: number): Promise<void> {
  for (const change of plan.changes) {
    if (change.kind !== 'widenType') continue;
    await client.query(
      `update sluice.version v
          set columns = (select jsonb_agg(case when c->>'name' = $2 then c || jsonb_build_object('type', $3::text) else c end order by at)
                           from jsonb_array_elements(v.columns) with ordinality as e(c, at))
        where v.dataset_id = $1`,
      [datasetId, change.column, change.to],
    );
  }
}
