import { SluiceError } from '../../../errors.ts';
import type { ModelColumn } from '../../../ledger/models.ts';
import { type ModelStatement, subquery } from '../statement.ts';
import { type BuildContext, columnsOf, run } from './build-context.ts';

/** Names of the temporary tables of a build; all go with the transaction or earlier. */
const SHAPE = 'pg_temp.sluice_shape';

/** Columns and types that a statement gives. Whatever Postgres finds wrong with the statement comes to light here. */
export async function shapeOf(context: BuildContext, statement: ModelStatement): Promise<ModelColumn[]> {
  const sql = `create temp table sluice_shape on commit drop as select q.* from ${subquery(statement)} with no data`;
  await run(context, 'its statement', sql, statement);
  const columns = await columnsOf(context.client, SHAPE);
  await context.client.query(`drop table ${SHAPE}`);
  return columns;
}

/** Refuses options that name columns which the statement does not give. */
export function refuseMissing(context: BuildContext, columns: readonly ModelColumn[]): void {
  const { model } = context;
  const names = new Set(columns.map((column) => column.name));
  const refuse = (option: string, reason: string): never => {
    throw new SluiceError('MODEL_INVALID', { file: model.file, line: model.lineOf(option), reason });
  };
  const wanted: [string, readonly string[]][] = [
    ['key', model.key.filter((name) => name !== model.rowHash)],
    ['not_null', model.notNull],
    ['references', model.foreignKeys.map((key) => key.column)],
    ['valid_from', model.validFrom === null ? [] : [model.validFrom]],
  ];
  for (const [option, list] of wanted) {
    const missing = list.filter((name) => !names.has(name));
    if (missing.length > 0) refuse(option, `the statement gives no column ${missing.join(', ')}`);
  }
  const made = [
    model.id,
    model.rowHash,
    ...(model.materialized === 'scd2' ? ['valid_from', 'valid_to'] : []),
  ];
  for (const name of made) {
    if (name !== null && names.has(name))
      refuse('materialized', `the column ${name} is made by Sluice; leave it out`);
  }
  const own = {
    view: [],
    table: [],
    incremental: ['_run_id'],
    merge: ['_run_id', '_row'],
    scd2: ['_run_id', '_row'],
    dimension: [],
  };
  const absent = own[model.materialized].filter((name) => !names.has(name));
  if (absent.length > 0) {
    refuse(
      'materialized',
      `${model.materialized} needs the columns ${absent.join(', ')}: select them from the source`,
    );
  }
}
