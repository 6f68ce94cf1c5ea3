import type { Pool } from 'pg';
import { qualified } from '../../db/identifiers.ts';
import { sqlstateOf, UNDEFINED_TABLE } from '../../db/sqlstate.ts';
import type { LayoutChange, LoadPlan, TableName } from '../plan/run-plan.ts';

export type TypeChange = Extract<LayoutChange, { kind: 'widenType' }>;

/** What Postgres has to write anew for a column's wider type: the table, and all that inherit from it. */
export interface RewriteCost {
  readonly tables: number;
  /** As Postgres estimates them. */
  readonly rows: number;
  /** On disk, without indexes. */
  readonly bytes: number;
}

/** The widenings of a plan, with their cost; null for one that Postgres only notes. */
export async function costsOf(
  pool: Pool,
  plan: LoadPlan,
): Promise<{ readonly change: TypeChange; readonly cost: RewriteCost | null }[]> {
  const widenings = plan.changes.filter((change) => change.kind === 'widenType');
  const costs = [];
  for (const change of widenings)
    costs.push({ change, cost: change.rewrites ? await readRewriteCost(pool, change.table) : null });
  return costs;
}

async function readRewriteCost(pool: Pool, { schema, name }: TableName): Promise<RewriteCost> {
  const none = { tables: 0, rows: 0, bytes: 0 };
  try {
    const { rows } = await pool.query<RewriteCost>(READ_COST, [qualified(schema, name)]);
    return rows[0] ?? none;
  } catch (error) {
    // An earlier entry of the same archive is going to make it.
    if (sqlstateOf(error) === UNDEFINED_TABLE) return none;
    throw error;
  }
}

/** A table that was never analysed has no estimate, but a count of what was put into it. */
const READ_COST = `
  with recursive heirs(oid) as (
    select $1::regclass::oid
    union
    select i.inhrelid from pg_inherits i join heirs on heirs.oid = i.inhparent
  )
  select count(*)::int as tables, coalesce(sum(pg_relation_size(c.oid)), 0)::bigint as bytes,
         coalesce(sum(case when c.reltuples < 0 then pg_stat_get_live_tuples(c.oid) else c.reltuples end), 0)::bigint as rows
    from heirs join pg_class c using (oid)`;

/** One line for people. */
export function widenedText({ column, from, to, table }: TypeChange, cost: RewriteCost | null): string {
  const what = `column ${column} of ${table.schema}.${table.name} becomes ${to} (it is ${from})`;
  if (cost === null) return `${what}; nothing is rewritten`;
  const tables = `${cost.tables} ${cost.tables === 1 ? 'table' : 'tables'}`;
  return `${what}; Postgres rewrites ${tables}, about ${COUNT.format(cost.rows)} rows, ${COUNT.format(cost.bytes)} bytes`;
}

const COUNT = new Intl.NumberFormat('en-US');
