import type { PoolClient } from 'pg';
import { qualified, quoteIdentifier } from '../../../db/identifiers.ts';
import type { RunHorizon } from '../../../ledger/model-inputs.ts';
import type { KnownModel, ModelColumn } from '../../../ledger/models.ts';
import type { Model, PlacedReference } from '../model.ts';
import type { StagingTables } from '../staging-tables.ts';
import { fillIn, type ModelStatement, modelError } from '../statement.ts';

/** How many rows of a model's table changed. */
export interface RowChanges {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

export const NO_CHANGES: RowChanges = { inserted: 0, updated: 0, deleted: 0 };

/** What making one model works with, inside the transaction of its group. */
export interface BuildContext {
  readonly client: PoolClient;
  readonly model: Model;
  readonly modelId: number;
  /** As it was last made. */
  readonly known: KnownModel | null;
  readonly dwSchema: string;
  readonly staging: StagingTables;
  readonly horizon: RunHorizon;
  /** Ids of the datasets below the model. */
  readonly datasetIds: readonly number[];
  /** Made from everything, whatever has been taken in. */
  readonly whole: boolean;
  /** Rights on views that were dropped in this transaction, as statements, by quoted name. */
  readonly grants: Map<string, readonly string[]>;
  /** Drops the views of ours that read a relation, and the foreign keys of ours to it; they are made again. */
  dropDependents(relation: string): Promise<void>;
}

/** Quoted name of a model's table or view. */
export function relationOf({ dwSchema }: Pick<BuildContext, 'dwSchema'>, name: string): string {
  return qualified(dwSchema, name);
}

/**
 * The statement as a view shows it: it reads the tables themselves, so that it is always up to date.
 */
export function liveStatement(context: BuildContext): ModelStatement {
  return fillIn(context.model, (reference) => sourceRelation(context, reference));
}

/** Quoted name of what a reference stands for. */
export function sourceRelation(context: BuildContext, { kind, name }: PlacedReference): string {
  if (kind === 'warehouse') return relationOf(context, name);
  const dataset = context.staging.get(context.staging.datasetOf(name) ?? name);
  return qualified(dataset?.schema ?? '', name === dataset?.name ? dataset.parent : name);
}

/** Runs a statement made for a model; what Postgres says of it comes out with model, step and line. */
export async function run(
  context: Pick<BuildContext, 'client' | 'model'>,
  doing: string,
  sql: string,
  statement?: ModelStatement,
): Promise<number> {
  try {
    const result = await context.client.query(sql);
    return result.rowCount ?? 0;
  } catch (error) {
    throw modelError(error, statement ?? { model: context.model }, doing, sql);
  }
}

/** Columns of a relation in its order, without those that Postgres or `id` add. */
export async function columnsOf(client: PoolClient, relation: string): Promise<ModelColumn[]> {
  const { rows } = await client.query<ModelColumn>(
    `select attname as name, format_type(atttypid, atttypmod) as type
       from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`,
    [relation],
  );
  return rows;
}

export function columnList(columns: readonly (ModelColumn | string)[], prefix = ''): string {
  return columns
    .map((column) => prefix + quoteIdentifier(typeof column === 'string' ? column : column.name))
    .join(', ');
}

/** `t.a = s.a and t.b = s.b` */
export function sameKey(key: readonly string[], left: string, right: string): string {
  return key
    .map((name) => `${left}.${quoteIdentifier(name)} = ${right}.${quoteIdentifier(name)}`)
    .join(' and ');
}
