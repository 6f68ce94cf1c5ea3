import type { Pool, PoolClient } from 'pg';
import type { SluiceError } from '../errors.ts';

/** A dataset as far as models need to know it. */
export interface StagingDataset {
  readonly datasetId: number;
  readonly name: string;
  readonly schema: string;
  readonly parent: string;
  /** Changes with everything that is published into it or taken out of it. */
  readonly signature: string;
}

/** A model as it was last made. */
export interface KnownModel {
  readonly modelId: number;
  readonly name: string;
  readonly materialized: string;
  readonly hash: string | null;
  readonly columns: readonly ModelColumn[] | null;
  /** Signatures by dataset. */
  readonly inputs: Readonly<Record<string, string>> | null;
}

export interface ModelColumn {
  readonly name: string;
  readonly type: string;
}

export interface ModelRunEnd {
  readonly modelId: number;
  readonly trigger: string;
  readonly whole: boolean;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly startedAt: Date;
  readonly error: SluiceError | null;
}

/** The signature of dataset `d`, from its published load jobs `p`. */
const SIGNATURE =
  "concat_ws(':', d.revision, count(p), coalesce(sum(p.load_id), 0), coalesce(max(p.load_id), 0)) as signature";
const PUBLISHED_JOBS = `
  left join lateral (
    select l.load_id from sluice.load_job l join sluice.run r using (run_id)
     where l.dataset_id = d.dataset_id and l.status = 'published' and r.status = 'published'
  ) p on true`;

/** Changes with everything that is published into a dataset or taken out of it; null while there is no such dataset. */
export async function datasetSignature(client: PoolClient, name: string): Promise<string | null> {
  const { rows } = await client.query<{ signature: string }>(
    `select ${SIGNATURE} from sluice.dataset d ${PUBLISHED_JOBS} where d.name = $1 group by d.dataset_id`,
    [name],
  );
  return rows[0]?.signature ?? null;
}

/** Every dataset that has a parent table. */
export async function readStaging(client: Pool | PoolClient): Promise<StagingDataset[]> {
  const { rows } = await client.query<{
    dataset_id: number;
    name: string;
    parent_schema: string;
    parent_table: string;
    signature: string;
  }>(
    `select d.dataset_id, d.name, d.parent_schema, d.parent_table, ${SIGNATURE}
       from sluice.dataset d ${PUBLISHED_JOBS} group by d.dataset_id order by d.name`,
  );
  return rows.map((row) => ({
    datasetId: row.dataset_id,
    name: row.name,
    schema: row.parent_schema,
    parent: row.parent_table,
    signature: row.signature,
  }));
}

/** The models that have been made or tried in a schema. */
export async function readKnownModels(client: Pool | PoolClient, schema: string): Promise<KnownModel[]> {
  const { rows } = await client.query<{
    model_id: number;
    name: string;
    materialized: string;
    hash: string | null;
    columns: ModelColumn[] | null;
    inputs: Record<string, string> | null;
  }>('select model_id, name, materialized, hash, columns, inputs from sluice.model where schema_name = $1', [
    schema,
  ]);
  return rows.map(({ model_id, ...rest }) => ({ modelId: model_id, ...rest }));
}

/** Makes sure that each model has a row; gives their ids by name. */
export async function registerModels(
  client: Pool | PoolClient,
  schema: string,
  models: readonly { readonly name: string; readonly materialized: string; readonly file: string }[],
): Promise<Map<string, number>> {
  const values = [
    schema,
    models.map(({ name }) => name),
    models.map(({ materialized }) => materialized),
    models.map(({ file }) => file),
  ];
  await client.query(
    `insert into sluice.model (schema_name, name, materialized, file)
     select $1, name, materialized, file from unnest($2::text[], $3::text[], $4::text[]) as m(name, materialized, file)
     on conflict (schema_name, name) do nothing`,
    values,
  );
  const { rows } = await client.query<{ name: string; model_id: number }>(
    'select name, model_id from sluice.model where schema_name = $1 and name = any($2)',
    values.slice(0, 2),
  );
  return new Map(rows.map((row) => [row.name, row.model_id]));
}

/** When models were tried last, by name; of those that ever were. */
export async function modelsTriedLast(
  client: Pool | PoolClient,
  schema: string,
  names: readonly string[],
): Promise<Map<string, Date>> {
  const { rows } = await client.query<{ name: string; at: Date }>(
    `select m.name, max(r.started_at) as at from sluice.model m join sluice.model_run r using (model_id)
      where m.schema_name = $1 and m.name = any($2) group by m.model_id`,
    [schema, names],
  );
  return new Map(rows.map(({ name, at }) => [name, at]));
}

export interface BuiltState {
  readonly modelId: number;
  readonly materialized: string;
  readonly file: string;
  readonly hash: string;
  readonly columns: readonly ModelColumn[];
  readonly inputs: Readonly<Record<string, string>>;
}

/** Notes what a model was made from, in the transaction that makes it. */
export async function saveBuiltState(client: PoolClient, state: BuiltState): Promise<void> {
  const { modelId, materialized, file, hash, columns, inputs } = state;
  await client.query(
    `update sluice.model set materialized = $2, file = $3, hash = $4, columns = $5, inputs = $6,
            built_at = clock_timestamp() where model_id = $1`,
    [modelId, materialized, file, hash, JSON.stringify(columns), JSON.stringify(inputs)],
  );
}

/** A model that is up to date although something below it has changed. */
export async function saveInputs(
  client: PoolClient,
  modelId: number,
  inputs: Readonly<Record<string, string>>,
): Promise<void> {
  await client.query('update sluice.model set inputs = $2 where model_id = $1', [
    modelId,
    JSON.stringify(inputs),
  ]);
}

export async function saveModelRun(client: Pool | PoolClient, end: ModelRunEnd): Promise<void> {
  const { error } = end;
  await client.query(
    `insert into sluice.model_run (model_id, status, trigger, whole, rows_inserted, rows_updated, rows_deleted,
       started_at, finished_at, error_code, error_message, error_facts)
     values ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp(), $9, $10, $11)`,
    [
      ...[end.modelId, error === null ? 'built' : 'failed', end.trigger, end.whole],
      ...[end.inserted, end.updated, end.deleted, end.startedAt],
      ...[error?.code ?? null, error?.message ?? null, error === null ? null : JSON.stringify(error.facts)],
    ],
  );
}
