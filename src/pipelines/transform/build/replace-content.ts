import { quoteIdentifier } from '../../../db/identifiers.ts';
import type { ModelColumn } from '../../../ledger/models.ts';
import type { ModelStatement } from '../statement.ts';
import { type BuildContext, columnList, type RowChanges, run, sameKey } from './build-context.ts';
import { makeTable, stateOf, type TargetTable } from './target-table.ts';

const FRESH = 'pg_temp.sluice_fresh';

/**
 * Gives a model's table the content of `select`, as one change that others see at once or not at all. A table that
 * fits stays, and only rows that differ are touched: readers do not wait, and what depends on it stays whole.
 */
export async function replaceContent(
  context: BuildContext,
  target: TargetTable,
  select: string,
  statement: ModelStatement,
): Promise<RowChanges> {
  const state = await stateOf(context, target);
  if (state !== 'fits') {
    const inserted = await makeTable(context, target, select);
    return { inserted, updated: 0, deleted: 0 };
  }
  await run(
    context,
    'its statement',
    `create temp table sluice_fresh on commit drop as ${select}`,
    statement,
  );
  const changes = await applyDifference(context, target, FRESH);
  await context.client.query(`drop table ${FRESH}`);
  return changes;
}

/**
 * Brings a table to the rows of another one of the same columns. With a `scope`, a table with the columns
 * `scopeKey`, only rows of those keys are looked at.
 */
export async function applyDifference(
  context: BuildContext,
  target: TargetTable,
  fresh: string,
  scope: { readonly table: string; readonly key: readonly string[] } | null = null,
): Promise<RowChanges> {
  const { key } = target;
  if (key.length === 0) return applyRepeatingRows(context, target, fresh);
  await run(context, 'its key', `create unique index on ${fresh} (${columnList(key)})`);
  await context.client.query(`analyze ${fresh}`);
  const { relation, columns } = target;
  const inScope =
    scope === null ? '' : `exists (select from ${scope.table} s where ${sameKey(scope.key, 's', 't')}) and `;
  const deleted = await run(
    context,
    'taking out rows',
    `delete from ${relation} t where ${inScope}not exists (select from ${fresh} n where ${sameKey(key, 'n', 't')})`,
  );
  const values = columns.filter(({ name }) => !key.includes(name));
  const updated = values.length === 0 ? 0 : await update(context, target, fresh, values);
  const inserted = await run(
    context,
    'adding rows',
    `insert into ${relation} (${columnList(columns)}) select ${columnList(columns, 'n.')} from ${fresh} n
      where not exists (select from ${relation} t where ${sameKey(key, 't', 'n')})`,
  );
  return { inserted, updated, deleted };
}

function update(
  context: BuildContext,
  { relation, key }: TargetTable,
  fresh: string,
  values: readonly ModelColumn[],
): Promise<number> {
  const assignments = values.map(({ name }) => `${quoteIdentifier(name)} = n.${quoteIdentifier(name)}`);
  const compared = (prefix: string) => values.map((column) => comparable(column, prefix)).join(', ');
  return run(
    context,
    'changing rows',
    `update ${relation} t set ${assignments.join(', ')} from ${fresh} n
      where ${sameKey(key, 'n', 't')} and (${compared('t')}) is distinct from (${compared('n')})`,
  );
}

/** Types without an equality of their own are compared by what they look like. */
export function comparable({ name, type }: ModelColumn, prefix: string): string {
  const column = `${prefix}.${quoteIdentifier(name)}`;
  return /^(json|xml|point|polygon|path|lseg|line|box|circle)\b/.test(type) ? `${column}::text` : column;
}

/** Rows without a key, as often as they are there: told apart by what is in them and by their number among equals. */
async function applyRepeatingRows(
  context: BuildContext,
  { relation, columns }: TargetTable,
  fresh: string,
): Promise<RowChanges> {
  const numbered = (table: string) =>
    `select ctid, row, row_number() over (partition by row) as number
       from (select ctid, row(${columnList(columns)})::text as row from ${table}) r`;
  await run(
    context,
    'comparing rows',
    `create temp table sluice_change on commit drop as
      select o.ctid as old, n.ctid as new from (${numbered(relation)}) o full join (${numbered(fresh)}) n using (row, number)
       where o.ctid is null or n.ctid is null`,
  );
  const deleted = await run(
    context,
    'taking out rows',
    `delete from ${relation} t using pg_temp.sluice_change c where t.ctid = c.old`,
  );
  const inserted = await run(
    context,
    'adding rows',
    `insert into ${relation} (${columnList(columns)}) select ${columnList(columns, 'n.')}
       from ${fresh} n join pg_temp.sluice_change c on c.new = n.ctid`,
  );
  await context.client.query('drop table pg_temp.sluice_change');
  return { inserted, updated: 0, deleted };
}
