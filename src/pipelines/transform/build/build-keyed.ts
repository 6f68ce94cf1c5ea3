import { type RunChanges, runChanges, saveModelInputs } from '../../../ledger/model-inputs.ts';
import type { ModelColumn } from '../../../ledger/models.ts';
import { type BuildContext, columnList, type RowChanges, sameKey } from './build-context.ts';
import type { Built } from './build-table.ts';
import { makeCandidates, takeInto } from './candidates.ts';
import { applyDifference, replaceContent } from './replace-content.ts';
import { refuseMissing, shapeOf } from './shape.ts';
import { dropSnapshotViews, snapshotStatement } from './snapshot-views.ts';
import { stateOf, type TargetTable, targetTable } from './target-table.ts';
import { ALIVE, CANDIDATE, DEAD, makeWinners } from './winners.ts';

const AGAIN = 'pg_temp.sluice_again';
const SCOPE = 'pg_temp.sluice_scope';
const VALIDITY: readonly ModelColumn[] = [
  { name: 'valid_from', type: 'timestamp with time zone' },
  { name: 'valid_to', type: 'timestamp with time zone' },
];

/** What a keyed model is kept in. */
interface Kept {
  readonly target: TargetTable;
  /** Keys whose last row says that they are deleted; null when rows do not say such things. */
  readonly deleted: TargetTable | null;
  /** Columns of the statement, and the row hash. */
  readonly columns: readonly ModelColumn[];
}

/**
 * `merge`: one row per key, that of the latest delivery. `scd2`: one row per key and state, with the time in which it
 * held. Of new runs only their keys are looked at; keys that a run which is gone had decided are decided again by
 * what is left.
 */
export async function buildKeyed(context: BuildContext): Promise<Built> {
  const { client, modelId, datasetIds } = context;
  const statement = await snapshotStatement(context, null);
  const given = await shapeOf(context, statement);
  refuseMissing(context, given);
  const kept = keptIn(context, given);
  const fits = await Promise.all(
    [kept.target, kept.deleted].map(
      async (table) => table === null || (await stateOf(context, table)) === 'fits',
    ),
  );
  const whole = context.whole || fits.includes(false);
  const runs = whole ? null : await runChanges(client, modelId, datasetIds);
  const changes =
    runs === null ? await buildWhole(context, kept, given) : await buildChanged(context, kept, given, runs);
  await saveModelInputs(client, modelId, datasetIds, runs);
  await dropSnapshotViews(context);
  await client.query(`drop table if exists ${[CANDIDATE, ALIVE, DEAD, AGAIN, SCOPE].join(', ')}`);
  return { columns: given, changes, whole };
}

function keptIn(context: BuildContext, given: readonly ModelColumn[]): Kept {
  const { model } = context;
  const columns = model.rowHash === null ? given : [{ name: model.rowHash, type: 'uuid' }, ...given];
  const isHistory = model.materialized === 'scd2';
  const all = isHistory ? [...columns, ...VALIDITY] : columns;
  const key = isHistory ? [...model.key, 'valid_from'] : model.key;
  const table = (name: string) => targetTable(context, all, key, name);
  return {
    target: table(model.name),
    deleted: model.deleteWhen === null ? null : table(`${model.name}__deleted`),
    columns,
  };
}

async function buildWhole(
  context: BuildContext,
  kept: Kept,
  given: readonly ModelColumn[],
): Promise<RowChanges> {
  const statement = await snapshotStatement(context, null);
  await makeCandidates(context, given, statement, null);
  await makeWinners(context, kept.columns);
  const select = (table: string) => `select ${columnList(kept.target.columns)} from ${table}`;
  if (kept.deleted !== null) await replaceContent(context, kept.deleted, select(DEAD), statement);
  return replaceContent(context, kept.target, select(ALIVE), statement);
}

async function buildChanged(
  context: BuildContext,
  kept: Kept,
  given: readonly ModelColumn[],
  runs: RunChanges,
): Promise<RowChanges> {
  const { client, model } = context;
  const { key } = model;
  const fresh = await snapshotStatement(context, runs.arrived);
  await makeCandidates(context, given, fresh, null);
  await findAgain(context, kept, runs);
  await client.query(
    `create temp table sluice_scope on commit drop as
       select ${columnList(key)} from ${CANDIDATE} union select ${columnList(key)} from ${AGAIN};
     create unique index on ${SCOPE} (${columnList(key)}); analyze ${SCOPE}`,
  );
  await client.query(`delete from ${CANDIDATE} c using ${AGAIN} a where ${sameKey(key, 'c', 'a')}`);
  const again = await client.query(`select from ${AGAIN} limit 1`);
  if (again.rowCount === 1) {
    const all = await snapshotStatement(context, null);
    await makeCandidates(context, given, all, AGAIN);
  }
  await takeInto(context, kept, { scope: SCOPE, again: AGAIN });
  await makeWinners(context, kept.columns);
  const scope = { table: SCOPE, key };
  if (kept.deleted !== null) await applyDifference(context, kept.deleted, DEAD, scope);
  return applyDifference(context, kept.target, ALIVE, scope);
}

/** Keys that cannot be decided by what is kept and what is new: all that is left of them has to be read again. */
async function findAgain(context: BuildContext, kept: Kept, runs: RunChanges): Promise<void> {
  const { client, model, modelId } = context;
  const keys = columnList(model.key);
  const gone = `'{${runs.gone.join(',')}}'::bigint[]`;
  const tables = [kept.target, ...(kept.deleted === null ? [] : [kept.deleted])];
  const parts = tables.map((table) => `select ${keys} from ${table.relation} where _run_id = any(${gone})`);
  if (model.materialized === 'scd2' && (await isLate(context, runs, modelId))) {
    parts.push(`select ${keys} from ${CANDIDATE}`);
  }
  await client.query(
    `create temp table sluice_again on commit drop as ${parts.join(' union ')}; analyze ${AGAIN}`,
  );
}

/** True when something new belongs before something that history has already. */
async function isLate(context: BuildContext, runs: RunChanges, modelId: number): Promise<boolean> {
  if (context.model.validFrom !== null) return true;
  const { rows } = await context.client.query<{ late: boolean }>(
    `select coalesce(min(d.rank) filter (where d.run_id = any($2)) <
                     max(d.rank) filter (where i.run_id is not null and d.run_id <> all($2))
                  or min(d.at) filter (where d.run_id = any($2)) <
                     max(d.at) filter (where i.run_id is not null and d.run_id <> all($2)), false) as late
       from sluice_delivery d left join sluice.model_input i on i.run_id = d.run_id and i.model_id = $1`,
    [modelId, runs.arrived],
  );
  return rows[0]?.late === true;
}
