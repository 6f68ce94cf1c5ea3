import { quoteIdentifier } from '../../../db/identifiers.ts';
import type { ModelColumn } from '../../../ledger/models.ts';
import { type ModelStatement, subquery } from '../statement.ts';
import { type BuildContext, columnList, run, sameKey } from './build-context.ts';
import type { TargetTable } from './target-table.ts';
import { AT, CANDIDATE, IS_DELETED } from './winners.ts';

/** Columns that do not belong to what a row says. */
export const PROVENANCE = new Set(['_run_id', '_row']);

/**
 * Makes the table of candidates from a statement: every row that could be the one of its key. With `only`, rows of
 * the keys in that table are added to the candidates there are.
 */
export async function makeCandidates(
  context: BuildContext,
  given: readonly ModelColumn[],
  statement: ModelStatement,
  only: string | null,
): Promise<void> {
  const { model } = context;
  const { rowHash, deleteWhen, validFrom, key } = model;
  const columns = [
    ...(rowHash === null ? [] : [`${hashOf(given)} as ${quoteIdentifier(rowHash)}`]),
    columnList(given, 'q.'),
    `${deleteWhen === null ? 'false' : `coalesce((${deleteWhen}), false)`} as ${IS_DELETED}`,
    `${validFrom === null ? 'null' : `q.${quoteIdentifier(validFrom)}`}::timestamptz as ${AT}`,
  ];
  const select = `select ${columns.join(', ')} from ${subquery(statement)}`;
  const sql =
    only === null
      ? `create temp table sluice_candidate on commit drop as ${select}`
      : `insert into ${CANDIDATE} select c.* from (${select}) c join ${only} a on ${sameKey(key, 'c', 'a')}`;
  await run(context, 'its statement', sql, statement);
}

/** A uuid that is the same whenever the row says the same. */
function hashOf(given: readonly ModelColumn[]): string {
  const said = given.filter(({ name }) => !PROVENANCE.has(name));
  const text = `row(${columnList(said, 'q.')})::text`;
  return `left(encode(sha256(convert_to(${text}, 'UTF8')), 'hex'), 32)::uuid`;
}

/** Adds what is kept of the keys in scope, but for those that are read again. */
export async function takeInto(
  context: BuildContext,
  kept: {
    readonly target: TargetTable;
    readonly deleted: TargetTable | null;
    readonly columns: readonly ModelColumn[];
  },
  { scope, again }: { readonly scope: string; readonly again: string },
): Promise<void> {
  const { key, materialized } = context.model;
  const at = materialized === 'scd2' ? 't.valid_from' : 'null::timestamptz';
  for (const [table, isDeleted] of [
    [kept.target, false],
    [kept.deleted, true],
  ] as const) {
    if (table === null) continue;
    await run(
      context,
      'reading what is kept',
      `insert into ${CANDIDATE} select ${columnList(kept.columns, 't.')}, ${isDeleted}, ${at}
         from ${table.relation} t join ${scope} s on ${sameKey(key, 't', 's')}
        where not exists (select from ${again} a where ${sameKey(key, 'a', 't')})`,
    );
  }
}
