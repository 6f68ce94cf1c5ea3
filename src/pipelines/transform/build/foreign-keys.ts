import type { PoolClient } from 'pg';
import { qualified, quoteIdentifier } from '../../../db/identifiers.ts';
import type { Model } from '../model.ts';
import { type BuildContext, columnsOf, relationOf, run } from './build-context.ts';

interface ExistingKey {
  name: string;
  column: string;
  model: string;
  target: string;
}

const EXISTING = `
  select k.conname as name, a.attname as column, t.relname as model, b.attname as target
    from pg_constraint k
    join pg_class t on t.oid = k.confrelid
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
   where k.contype = 'f' and k.conrelid = to_regclass($1) and cardinality(k.conkey) = 1`;

/**
 * Brings a model's foreign keys to what its definition says. They are checked when the transaction ends, so that the models of
 * a group can be brought up to date one after the other.
 */
export async function bringForeignKeys(context: BuildContext): Promise<void> {
  const { client, model } = context;
  const relation = relationOf(context, model.name);
  const { rows } = await client.query<ExistingKey>(EXISTING, [relation]);
  const wanted = model.foreignKeys;
  const same = (a: (typeof wanted)[number], b: ExistingKey) =>
    a.column === b.column && a.model === b.model && a.target === b.target;
  for (const existing of rows.filter((row) => !wanted.some((key) => same(key, row)))) {
    await client.query(`alter table ${relation} drop constraint ${quoteIdentifier(existing.name)}`);
  }
  for (const key of wanted.filter((one) => !rows.some((row) => same(one, row)))) {
    const { column, target } = key;
    await run(
      context,
      'its foreign keys',
      `alter table ${relation} add foreign key (${quoteIdentifier(column)})
         references ${relationOf(context, key.model)} (${quoteIdentifier(target)}) deferrable initially deferred`,
    );
  }
}

/** A column whose values are not all in the table that it refers to. */
export interface LostReference {
  readonly model: string;
  readonly column: string;
  /** The first of them. */
  readonly values: string;
}

const SHOWN_VALUES = 5;

/** What of these models refers to rows that `target` does not have. */
export async function lostReferences(
  client: PoolClient,
  schema: string,
  target: Model,
  models: readonly Model[],
): Promise<LostReference[]> {
  const lost: LostReference[] = [];
  const keys = models.flatMap((model) =>
    model.foreignKeys.filter((key) => key.model === target.name).map((key) => ({ ...key, from: model.name })),
  );
  for (const { from, column, target: to } of keys) {
    const relation = qualified(schema, from);
    // One that waits for its first data.
    if ((await columnsOf(client, relation)).length === 0) continue;
    const own = `f.${quoteIdentifier(column)}`;
    const { rows } = await client.query<{ value: string }>(
      `select distinct ${own}::text as value from ${relation} f
        where ${own} is not null and not exists
          (select from ${qualified(schema, target.name)} t where t.${quoteIdentifier(to)} = ${own})
        order by 1 limit ${SHOWN_VALUES + 1}`,
    );
    const values = rows.slice(0, SHOWN_VALUES).map(({ value }) => value);
    if (rows.length > SHOWN_VALUES) values.push('…');
    if (values.length > 0) lost.push({ model: from, column, values: values.join(', ') });
  }
  return lost;
}
