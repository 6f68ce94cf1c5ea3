import { quoteIdentifier } from '../../../db/identifiers.ts';
import { tablesOfRuns } from '../../../ledger/model-inputs.ts';
import type { PlacedReference, Reference } from '../model.ts';
import { fillIn, type ModelStatement } from '../statement.ts';
import { type BuildContext, columnList, columnsOf, run, sourceRelation } from './build-context.ts';

/** Beyond so many tables a scan of all is no worse. */
const MOST_TABLES = 64;

/**
 * The model's statement on staging tables as they were when the transaction began: through temporary views that leave out what
 * is being published meanwhile. With `runs` the model's source shows the rows of these runs only.
 *
 * The views have the names of the tables, so that `orders.id` in a statement means what it says.
 */
export async function snapshotStatement(
  context: BuildContext,
  runs: readonly number[] | null,
): Promise<ModelStatement> {
  const made = new Map<string, string>();
  for (const reference of context.model.placeholders) {
    const key = keyOf(reference);
    if (made.has(key)) continue;
    const limited = runs !== null && context.model.source !== null && key === keyOf(context.model.source);
    const query = limited ? await rowsOfRuns(context, reference, runs) : rowsOfSnapshot(context, reference);
    if (query === null) {
      made.set(key, sourceRelation(context, reference));
      continue;
    }
    const view = `pg_temp.${quoteIdentifier(reference.name)}`;
    if ([...made.values()].includes(view)) throw new Error(`two relations are called ${reference.name}`);
    await run(context, 'reading', `drop view if exists ${view}; create view ${view} as ${query}`);
    made.set(key, view);
  }
  return fillIn(context.model, (reference) => made.get(keyOf(reference)) ?? '');
}

/** Takes the views of `snapshotStatement` away; a rollback does so by itself. */
export async function dropSnapshotViews(context: BuildContext): Promise<void> {
  const names = new Set(context.model.placeholders.map(({ name }) => `pg_temp.${quoteIdentifier(name)}`));
  if (names.size > 0) await context.client.query(`drop view if exists ${[...names].join(', ')}`);
}

function keyOf({ kind, name }: Reference): string {
  return `${kind}.${name}`;
}

/** Null: the relation itself will do. Models of the group are made in this very transaction. */
function rowsOfSnapshot(context: BuildContext, reference: PlacedReference): string | null {
  if (reference.kind === 'warehouse') return null;
  const { last, unfinished } = context.horizon;
  const conditions = [`_run_id <= ${last}`];
  if (unfinished.length > 0) conditions.push(`_run_id <> all('{${unfinished.join(',')}}'::bigint[])`);
  return `select * from ${sourceRelation(context, reference)} where ${conditions.join(' and ')}`;
}

async function rowsOfRuns(
  context: BuildContext,
  reference: PlacedReference,
  runs: readonly number[],
): Promise<string> {
  const ofThese = `where _run_id = any('{${runs.join(',')}}'::bigint[])`;
  const relation = sourceRelation(context, reference);
  const dataset = reference.kind === 'staging' ? context.staging.get(reference.name) : null;
  const whole = `select * from ${relation} ${ofThese}`;
  if (dataset === null || runs.length > MOST_TABLES) return whole;
  const tables = await tablesOfRuns(context.client, dataset.datasetId, runs);
  if (tables.length > MOST_TABLES) return whole;
  const columns = columnList(await columnsOf(context.client, relation));
  const parts: string[] = [];
  for (const { schema, name } of tables) {
    const table = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
    // The ledger says more than there is: whoever moved the rows left them below the parent.
    if ((await columnsOf(context.client, table)).length === 0) return whole;
    parts.push(`select ${columns} from only ${table} ${ofThese}`);
  }
  return parts.length === 0 ? whole : parts.join(' union all ');
}
