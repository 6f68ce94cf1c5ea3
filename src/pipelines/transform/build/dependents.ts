import type { PoolClient } from 'pg';
import { readGrants } from '../../../db/grants.ts';
import { qualified, quoteIdentifier } from '../../../db/identifiers.ts';
import { MADE_BY_SLUICE } from '../../../db/made-by-sluice.ts';

export interface DroppedView {
  readonly name: string;
  readonly relation: string;
  readonly grants: readonly string[];
}

/**
 * Drops what of ours holds a relation: foreign keys of other models to it, and views among `names` that read it,
 * themselves or through each other. All of it is made again in the same transaction.
 */
export async function dropDependents(
  client: PoolClient,
  relation: string,
  schema: string,
  names: readonly string[],
): Promise<DroppedView[]> {
  const { rows: keys } = await client.query<{ name: string; relation: string }>(
    `select k.conname as name, format('%I.%I', n.nspname, c.relname) as relation
       from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
      where k.contype = 'f' and k.confrelid = to_regclass($1) and n.nspname = $2
        and left(obj_description(c.oid, 'pg_class'), length($3)) = $3`,
    [relation, schema, MADE_BY_SLUICE],
  );
  for (const key of keys) {
    await client.query(`alter table ${key.relation} drop constraint ${quoteIdentifier(key.name)}`);
  }
  const { rows: views } = await client.query<{ name: string }>(DEPENDENT_VIEWS, [relation, schema, names]);
  const dropped: DroppedView[] = [];
  for (const { name } of views) {
    const view = qualified(schema, name);
    dropped.push({ name, relation: view, grants: await readGrants(client, view) });
    await client.query(`drop view ${view}`);
  }
  return dropped;
}

/** Those furthest away come first. */
const DEPENDENT_VIEWS = `
  with recursive reader(oid, distance) as (
    select to_regclass($1)::oid, 0
    union
    select w.ev_class, reader.distance + 1
      from reader
      join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = reader.oid
                      and d.classid = 'pg_rewrite'::regclass
      join pg_rewrite w on w.oid = d.objid
     where w.ev_class <> reader.oid
  )
  select c.relname as name
    from reader join pg_class c on c.oid = reader.oid join pg_namespace n on n.oid = c.relnamespace
   where reader.distance > 0 and c.relkind = 'v' and n.nspname = $2 and c.relname = any($3)
   group by c.relname order by max(reader.distance) desc`;
