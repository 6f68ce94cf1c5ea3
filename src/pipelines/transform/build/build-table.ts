import { runChanges, saveModelInputs } from '../../../ledger/model-inputs.ts';
import type { ModelColumn } from '../../../ledger/models.ts';
import { subquery } from '../statement.ts';
import { type BuildContext, columnList, type RowChanges, relationOf, run } from './build-context.ts';
import { replaceContent } from './replace-content.ts';
import { refuseMissing, shapeOf } from './shape.ts';
import { dropSnapshotViews, snapshotStatement } from './snapshot-views.ts';
import { stateOf, targetTable } from './target-table.ts';

export interface Built {
  readonly columns: readonly ModelColumn[];
  readonly changes: RowChanges;
  /** Made from everything there is. */
  readonly whole: boolean;
}

/** `table`: computed whole, each time. */
export async function buildTable(context: BuildContext): Promise<Built> {
  const statement = await snapshotStatement(context, null);
  const columns = await shapeOf(context, statement);
  refuseMissing(context, columns);
  const target = targetTable(context, columns, context.model.key);
  const select = `select ${columnList(columns, 'q.')} from ${subquery(statement)}`;
  const changes = await replaceContent(context, target, select, statement);
  await dropSnapshotViews(context);
  return { columns, changes, whole: true };
}

/** `incremental`: the rows of new runs are added, those of runs that are gone are taken out. */
export async function buildIncremental(context: BuildContext): Promise<Built> {
  const { modelId, datasetIds, model } = context;
  const all = await snapshotStatement(context, null);
  const columns = await shapeOf(context, all);
  refuseMissing(context, columns);
  const target = targetTable(context, columns, model.key);
  const whole = context.whole || (await stateOf(context, target)) !== 'fits';
  if (whole) {
    const select = `select ${columnList(columns, 'q.')} from ${subquery(all)}`;
    const changes = await replaceContent(context, target, select, all);
    await saveModelInputs(context.client, modelId, datasetIds, null);
    await dropSnapshotViews(context);
    return { columns, changes, whole };
  }
  const runs = await runChanges(context.client, modelId, datasetIds);
  const relation = relationOf(context, model.name);
  const gone = `delete from ${relation} where _run_id = any('{${runs.gone.join(',')}}'::bigint[])`;
  const deleted = runs.gone.length === 0 ? 0 : await run(context, 'taking out runs', gone);
  const fresh = await snapshotStatement(context, runs.arrived);
  const add = `insert into ${relation} (${columnList(columns)}) select ${columnList(columns, 'q.')} from ${subquery(fresh)}`;
  const inserted = runs.arrived.length === 0 ? 0 : await run(context, 'its statement', add, fresh);
  await saveModelInputs(context.client, modelId, datasetIds, runs);
  await dropSnapshotViews(context);
  return { columns, changes: { inserted, updated: 0, deleted }, whole };
}
