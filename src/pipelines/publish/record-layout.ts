import type { PoolClient } from 'pg';
import { qualified } from '../../db/identifiers.ts';
import { FEATURE_NOT_SUPPORTED, sqlstateOf } from '../../db/sqlstate.ts';
import { messageOf, SluiceError } from '../../errors.ts';
import type { LoadPlan } from '../plan/run-plan.ts';
import { detachAllView, refreshAllView } from '../tables/all-view.ts';
import { widenColumn } from '../tables/ddl.ts';
import { readDataset, readTakenNames, tableExists } from '../tables/known-dataset.ts';

/** Ledger ids of the tables a load goes into. */
export interface RecordedLayout {
  /** Null when the contract skips a dataset that does not exist. */
  readonly datasetId: number | null;
  /** Null when the contract skips all records. */
  readonly versionId: number | null;
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
  if (plan.isSkipped) return { datasetId: plan.datasetId, versionId: null };
  if (!plan.changesDataset) return recordedIds(client, plan);
  await refuseForeignTables(client, plan);
  if (plan.changes.some((change) => change.kind === 'widenType')) await detachAllView(client, plan.parent);
  for (const statement of plan.ddl) await execute(client, plan, statement);
  const datasetId = await recordDataset(client, runId, plan);
  await updateTypes(client, plan, datasetId);
  const ids = plan.isNewVersion
    ? { datasetId, versionId: await recordVersion(client, runId, plan, datasetId) }
    : await recordedIds(client, plan);
  if (!plan.isNewVersion) await growVersion(client, plan, ids);
  const known = await readDataset(client, plan.dataset);
  if (known !== null) await refreshAllView(client, known);
  return ids;
}

async function execute(client: PoolClient, plan: LoadPlan, statement: string): Promise<void> {
  try {
    await client.query(statement);
  } catch (error) {
    const change = sqlstateOf(error) === FEATURE_NOT_SUPPORTED ? widenedBy(plan, statement) : undefined;
    if (change === undefined) throw error;
    const { column, to: type, table } = change;
    const detail: unknown = Reflect.get(Object(error), 'detail');
    const reason = typeof detail === 'string' ? detail.replaceAll('\n', '; ') : messageOf(error);
    const facts = { file: plan.title, column, table: `${table.schema}.${table.name}`, type, reason };
    throw new SluiceError('TYPE_CHANGE_BLOCKED', facts, error);
  }
}

function widenedBy(plan: LoadPlan, statement: string) {
  return plan.changes
    .filter((change) => change.kind === 'widenType')
    .find(
      ({ table, column, to }) => widenColumn(qualified(table.schema, table.name), column, to) === statement,
    );
}

/** Ids that the plan does not know were made by an earlier job in this transaction. */
async function recordedIds(client: PoolClient, plan: LoadPlan): Promise<RecordedLayout> {
  const { datasetId, versionId } = plan;
  if (versionId !== null) return { datasetId, versionId };
  const { rows } = await client.query<{ dataset_id: number; version_id: number }>(
    `select dataset_id, v.version_id from sluice.dataset d join sluice.version v using (dataset_id)
      where d.name = $1 and v.table_name = $2`,
    [plan.dataset, plan.version.name],
  );
  return { datasetId: rows[0]?.dataset_id ?? null, versionId: rows[0]?.version_id ?? null };
}

async function refuseForeignTables(client: PoolClient, plan: LoadPlan): Promise<void> {
  const fresh = [...(plan.revision === 0 ? [plan.parent] : []), ...(plan.isNewVersion ? [plan.version] : [])];
  for (const table of fresh) {
    if (await tableExists(client, table)) {
      // Made by another dataset since this was planned: under a new plan it gets another name.
      if ((await readTakenNames(client, table.name)).has(table.name)) {
        throw new SluiceError('PLAN_STALE', { dataset: plan.dataset, file: plan.title });
      }
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
  const { rows } = await client.query<{ version_id: number }>(
    `insert into sluice.version
       (dataset_id, version, label, folder, table_name, columns, fingerprint, first_run_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning version_id`,
    [
      datasetId,
      plan.versionNumber,
      plan.label,
      plan.versionFolder,
      plan.version.name,
      JSON.stringify(plan.layout),
      plan.fingerprint,
      runId,
    ],
  );
  return rows[0]?.version_id as number;
}

/** A labelled version has the columns of all its files. */
async function growVersion(client: PoolClient, plan: LoadPlan, { versionId }: RecordedLayout): Promise<void> {
  await client.query('update sluice.version set columns = $2, fingerprint = $3 where version_id = $1', [
    versionId,
    JSON.stringify(plan.layout),
    plan.fingerprint,
  ]);
}

/** What files were said to have is kept: what the view shows must not depend on whether they came before or after. */
const WIDENED = `case when (c->>'declared')::boolean then jsonb_build_object('describedAs', c->>'type') else '{}' end`;

/** A wider type shows in every version that has the column. */
async function updateTypes(client: PoolClient, plan: LoadPlan, datasetId: number): Promise<void> {
  for (const change of plan.changes) {
    if (change.kind !== 'widenType') continue;
    const only = change.table.name === plan.parent.name ? null : change.table.name;
    await client.query(
      `update sluice.version v
          set columns = (select jsonb_agg(case when c->>'name' = $2 then ${WIDENED} || c || jsonb_build_object('type', $3::text) else c end order by at)
                           from jsonb_array_elements(v.columns) with ordinality as e(c, at))
        where v.dataset_id = $1 and ($4::text is null or v.table_name = $4)`,
      [datasetId, change.column, change.to, only],
    );
  }
}
