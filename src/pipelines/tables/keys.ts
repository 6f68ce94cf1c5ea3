import type { PoolClient } from 'pg';
import { quoteIdentifier } from '../../db/identifiers.ts';

/** Keys of one table. Names are quoted, but for those to show. */
export interface Keys {
  readonly unique: readonly UniqueKey[];
  readonly foreign: readonly ForeignKey[];
}

interface Key {
  /** To show. */
  readonly name: string;
  readonly columns: readonly string[];
}

export interface UniqueKey extends Key {
  readonly isDeferrable: boolean;
  /** Of columns alone, and for all rows: rows with the same key have the same values there. */
  readonly isPlain: boolean;
}

export interface ForeignKey extends Key {
  /** The table that is referred to, as it stands behind FROM. */
  readonly target: string;
  readonly referred: readonly string[];
  /** MATCH FULL. */
  readonly isFull: boolean;
}

export async function readKeys(client: PoolClient, table: string): Promise<Keys> {
  return { unique: await uniqueKeys(client, table), foreign: await foreignKeys(client, table) };
}

async function uniqueKeys(client: PoolClient, table: string): Promise<UniqueKey[]> {
  const { rows } = await client.query<{
    name: string;
    names: string[];
    is_deferrable: boolean;
    is_plain: boolean;
  }>(
    `select c.relname as name, not i.indimmediate as is_deferrable,
            i.indisunique and i.indexprs is null and i.indpred is null as is_plain,
            array(select a.attname::text from unnest(i.indkey[0:i.indnkeyatts - 1]) with ordinality k(attnum, at)
                    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum order by k.at) as names
       from pg_index i join pg_class c on c.oid = i.indexrelid
      where i.indrelid = $1::regclass and (i.indisunique or i.indisexclusion)
      order by c.oid`,
    [table],
  );
  return rows.map(({ name, names, is_deferrable: isDeferrable, is_plain: isPlain }) => {
    return { name, isDeferrable, isPlain, columns: names.map(quoteIdentifier) };
  });
}

/** Those that refer to the table itself are left out: whether a row violates them depends on rows that come with it. */
async function foreignKeys(client: PoolClient, table: string): Promise<ForeignKey[]> {
  const { rows } = await client.query<{
    name: string;
    names: string[];
    target: string;
    referred: string[];
    is_full: boolean;
  }>(
    `select k.conname as name, k.confmatchtype = 'f' as is_full,
            case t.relkind when 'r' then 'ONLY ' else '' end || format('%I.%I', n.nspname, t.relname) as target,
            array(select a.attname::text from unnest(k.conkey) with ordinality c(attnum, at)
                    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = c.attnum order by c.at) as names,
            array(select a.attname::text from unnest(k.confkey) with ordinality c(attnum, at)
                    join pg_attribute a on a.attrelid = k.confrelid and a.attnum = c.attnum order by c.at) as referred
       from pg_constraint k
       join pg_class t on t.oid = k.confrelid
       join pg_namespace n on n.oid = t.relnamespace
      where k.conrelid = $1::regclass and k.contype = 'f' and k.confrelid <> k.conrelid
      order by k.oid`,
    [table],
  );
  return rows.map(({ name, names, target, referred, is_full: isFull }) => ({
    ...{ name, target, isFull, columns: names.map(quoteIdentifier) },
    referred: referred.map(quoteIdentifier),
  }));
}
