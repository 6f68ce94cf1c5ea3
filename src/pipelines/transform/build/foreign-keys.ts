import { quoteIdentifier } from '../../../db/identifiers.ts';
import { type BuildContext, relationOf, run } from './build-context.ts';

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
