import { readGrants } from '../../../db/grants.ts';
import { sqlstateOf } from '../../../db/sqlstate.ts';
import type { ModelColumn } from '../../../ledger/models.ts';
import {
  type BuildContext,
  columnsOf,
  liveStatement,
  NO_CHANGES,
  type RowChanges,
  relationOf,
  run,
} from './build-context.ts';
import { commentOn, dropRelation, ownRelationKind } from './target-table.ts';

/** A view cannot be replaced in place when columns go, or change name or type. */
const CANNOT_REPLACE = '42P16';

/** Makes or replaces a view. It stands on the tables themselves, and is always up to date. */
export async function buildView(
  context: BuildContext,
): Promise<{ columns: readonly ModelColumn[]; changes: RowChanges }> {
  const { client, model } = context;
  const relation = relationOf(context, model.name);
  const statement = liveStatement(context);
  const create = (or: string) =>
    run(context, 'its statement', `create ${or}view ${relation} as ${statement.sql}`, statement);
  const kind = await ownRelationKind(context, relation);
  if (kind !== null && kind !== 'v') await dropRelation(context, relation);
  await client.query('savepoint view');
  try {
    await create('or replace ');
  } catch (error) {
    const { cause } = error as Error;
    if (sqlstateOf(cause) !== CANNOT_REPLACE) throw error;
    await client.query('rollback to view');
    const grants = await readGrants(client, relation);
    await dropRelation(context, relation);
    await create('');
    for (const grant of grants) await client.query(grant);
  }
  for (const grant of context.grants.get(relation) ?? []) await client.query(grant);
  await client.query(`release view; ${commentOn('view', context, relation)}`);
  return { columns: await columnsOf(client, relation), changes: NO_CHANGES };
}
