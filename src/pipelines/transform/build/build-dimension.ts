import { quoteIdentifier } from '../../../db/identifiers.ts';
import { SluiceError } from '../../../errors.ts';
import { runChanges, saveModelInputs } from '../../../ledger/model-inputs.ts';
import type { ModelColumn } from '../../../ledger/models.ts';
import { subquery } from '../statement.ts';
import { type BuildContext, columnsOf, relationOf, run } from './build-context.ts';
import type { Built } from './build-table.ts';
import { shapeOf } from './shape.ts';
import { dropSnapshotViews, snapshotStatement } from './snapshot-views.ts';
import { commentOn, dropRelation, ownRelationKind } from './target-table.ts';

const ID: ModelColumn = { name: 'id', type: 'integer' };

/**
 * `dimension`: each value of a column once, with a number that stands for it. Values come and never go, whatever is
 * read anew, so that a number means the same for good.
 */
export async function buildDimension(context: BuildContext): Promise<Built> {
  const { client, model, modelId, datasetIds } = context;
  const all = await snapshotStatement(context, null);
  const value = (await shapeOf(context, all)).find(({ name }) => name === model.dimension);
  if (value === undefined) throw invalid(context, `the statement gives no column ${model.dimension}`);
  const isNew = await bringTable(context, value);
  const whole = context.whole || isNew || model.source === null;
  const runs = whole ? null : await runChanges(client, modelId, datasetIds);
  const statement = runs === null ? all : await snapshotStatement(context, runs.arrived);
  const relation = relationOf(context, model.name);
  const column = quoteIdentifier(value.name);
  const inserted = await run(
    context,
    'its statement',
    `insert into ${relation} (${column})
     select value from (select distinct q.${column} as value from ${subquery(statement)}) d
      where value is not null and not exists (select from ${relation} t where t.${column} = value) order by value`,
    statement,
  );
  await saveModelInputs(client, modelId, datasetIds, runs);
  await dropSnapshotViews(context);
  return { columns: [ID, value], changes: { inserted, updated: 0, deleted: 0 }, whole };
}

/** Makes the table, or gives the value's column its new type; never anew what has numbers in it. True when it was made. */
async function bringTable(context: BuildContext, value: ModelColumn): Promise<boolean> {
  const { client, model, known } = context;
  const relation = relationOf(context, model.name);
  const kind = await ownRelationKind(context, relation);
  const isDimension = kind === 'r' && known?.materialized === model.materialized;
  if (!isDimension) {
    if (kind !== null) await dropRelation(context, relation);
    const column = quoteIdentifier(value.name);
    await run(
      context,
      'making its table',
      `create table ${relation} (id integer generated always as identity primary key, ${column} ${value.type} not null unique);
       ${commentOn('table', context, relation)}`,
    );
    return true;
  }
  const [, there] = await columnsOf(client, relation);
  if (there?.name !== value.name) {
    const reason = `its numbers belong to the column ${there?.name}: give the dimension of ${value.name} a name of its own`;
    throw invalid(context, reason);
  }
  if (there.type !== value.type) {
    const column = quoteIdentifier(value.name);
    await context.dropDependents(relation);
    await run(
      context,
      'changing its type',
      `alter table ${relation} alter ${column} type ${value.type} using ${column}::text::${value.type}`,
    );
  }
  return false;
}

function invalid({ model }: BuildContext, reason: string): SluiceError {
  return new SluiceError('MODEL_INVALID', { file: model.file, line: model.lineOf('dimension'), reason });
}
