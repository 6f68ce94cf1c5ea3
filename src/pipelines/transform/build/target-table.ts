import type { PoolClient } from 'pg';
import { readGrants } from '../../../db/grants.ts';
import { quoteIdentifier, quoteLiteral } from '../../../db/identifiers.ts';
import { MADE_BY_SLUICE } from '../../../db/made-by-sluice.ts';
import { DEPENDENT_OBJECTS, sqlstateOf } from '../../../db/sqlstate.ts';
import { messageOf, SluiceError } from '../../../errors.ts';
import type { ModelColumn } from '../../../ledger/models.ts';
import { type BuildContext, columnList, relationOf, run } from './build-context.ts';

/** The table a model is kept in. */
export interface TargetTable {
  readonly name: string;
  /** Quoted, with its schema. */
  readonly relation: string;
  /** In order, without the `id`. */
  readonly columns: readonly ModelColumn[];
  /** Columns that tell rows apart; empty: rows may repeat. */
  readonly key: readonly string[];
  readonly id: string | null;
  readonly notNull: readonly string[];
}

export function targetTable(
  context: BuildContext,
  columns: readonly ModelColumn[],
  key: readonly string[],
  name = context.model.name,
): TargetTable {
  const { id, notNull } = context.model;
  return { name, relation: relationOf(context, name), columns, key, id, notNull };
}

interface CatalogueRow {
  kind: string;
  comment: string | null;
  columns: { name: string; type: string; not_null: boolean; identity: boolean }[] | null;
  keys: { kind: string; columns: string[] }[] | null;
}

const CATALOGUE = `
  select c.relkind::text as kind, obj_description(c.oid, 'pg_class') as comment,
    (select json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod),
        'not_null', attnotnull, 'identity', attidentity <> '') order by attname)
       from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns,
    (select json_agg(json_build_object('kind', contype, 'columns',
        (select json_agg(attname order by at) from unnest(conkey) with ordinality as k(attnum, at)
           join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum)) order by contype)
       from pg_constraint where conrelid = c.oid and contype in ('p', 'u')) as keys
  from pg_class c where c.oid = to_regclass($1)`;

/** How a relation stands to what a model needs: `fits` only when its columns, types and keys are the same. */
export async function stateOf(
  context: BuildContext,
  target: TargetTable,
): Promise<'missing' | 'fits' | 'differs'> {
  const row = await readRelation(context.client, target.relation);
  if (row === null) return 'missing';
  refuseForeign(context, target.relation, row);
  return row.kind === 'r' && signatureOf(row) === wantedSignature(target) ? 'fits' : 'differs';
}

async function readRelation(client: PoolClient, relation: string): Promise<CatalogueRow | null> {
  const { rows } = await client.query<CatalogueRow>(CATALOGUE, [relation]);
  return rows[0] ?? null;
}

/** The kind of the model's relation, or null; refuses what Sluice did not make. */
export async function ownRelationKind(context: BuildContext, relation: string): Promise<string | null> {
  const row = await readRelation(context.client, relation);
  if (row !== null) refuseForeign(context, relation, row);
  return row?.kind ?? null;
}

function refuseForeign(context: BuildContext, relation: string, { comment }: CatalogueRow): void {
  if (comment?.startsWith(MADE_BY_SLUICE)) return;
  throw new SluiceError('MODEL_NOT_OURS', { model: context.model.name, relation });
}

function signatureOf({ columns, keys }: CatalogueRow): string {
  const described = (columns ?? []).map((one) => [one.name, one.type, one.not_null, one.identity]);
  return JSON.stringify([described, (keys ?? []).map((key) => [key.kind, key.columns])]);
}

function wantedSignature({ columns, key, id, notNull }: TargetTable): string {
  const required = new Set([...key, ...notNull]);
  const described = [
    ...(id === null ? [] : [[id, 'bigint', true, true]]),
    ...columns.map(({ name, type }) => [name, type, required.has(name), false]),
  ].sort((a, b) => ((a[0] as string) < (b[0] as string) ? -1 : 1));
  const keys =
    key.length === 0
      ? []
      : id === null
        ? [['p', key]]
        : [
            ['p', [id]],
            ['u', key],
          ];
  return JSON.stringify([described, keys]);
}

/**
 * Makes the table anew beside the old one and puts it in its place, in the transaction at hand. What depends on the
 * old one and is ours is made again later in the same transaction; what is not ours stops it.
 */
export async function makeTable(context: BuildContext, target: TargetTable, select: string): Promise<number> {
  const { client } = context;
  const { relation, id, columns } = target;
  const fresh = relationOf(context, `${target.name}__new`);
  const definitions = [
    ...(id === null ? [] : [`${quoteIdentifier(id)} bigint generated always as identity`]),
    ...columns.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`),
  ];
  await client.query(`drop table if exists ${fresh}; create table ${fresh} (${definitions.join(', ')})`);
  const rows = await run(
    context,
    'filling its table',
    `insert into ${fresh} (${columnList(columns)}) ${select}`,
  );
  const grants = await readGrants(client, relation);
  await dropRelation(context, relation);
  await client.query(`alter table ${fresh} rename to ${quoteIdentifier(target.name)}`);
  await addConstraints(context, target);
  await client.query(commentOn('table', context, relation));
  for (const grant of grants) await client.query(grant);
  await client.query(`analyze ${relation}`);
  return rows;
}

async function addConstraints(context: BuildContext, target: TargetTable): Promise<void> {
  const { relation, key, id, notNull } = target;
  const parts = [...new Set([...key, ...notNull])].map(
    (name) => `alter ${quoteIdentifier(name)} set not null`,
  );
  if (key.length > 0) {
    parts.push(`add primary key (${id === null ? columnList(key) : quoteIdentifier(id)})`);
    if (id !== null) parts.push(`add unique (${columnList(key)})`);
  }
  if (parts.length > 0) await run(context, 'its keys', `alter table ${relation} ${parts.join(', ')}`);
  if (target.columns.some(({ name }) => name === '_run_id')) {
    await context.client.query(`create index on ${relation} using brin (_run_id)`);
  }
}

/** Drops the model's relation, whatever kind it is now, with the views of ours and the foreign keys that hold it. */
export async function dropRelation(context: BuildContext, relation: string): Promise<void> {
  const { client, model } = context;
  const kind = await ownRelationKind(context, relation);
  if (kind === null) return;
  try {
    await context.dropDependents(relation);
    await client.query(`drop ${kind === 'v' ? 'view' : 'table'} ${relation}`);
  } catch (error) {
    if (sqlstateOf(error) !== DEPENDENT_OBJECTS) throw error;
    const detail: unknown = Reflect.get(error as object, 'detail');
    const reason = typeof detail === 'string' ? detail.replaceAll('\n', '; ') : messageOf(error);
    throw new SluiceError('MODEL_IN_USE', { model: model.name, reason }, error);
  }
}

export function commentOn(kind: 'table' | 'view', { model }: BuildContext, relation: string): string {
  const comment = model.description === null ? MADE_BY_SLUICE : `${MADE_BY_SLUICE}: ${model.description}`;
  return `comment on ${kind} ${relation} is ${quoteLiteral(comment)}`;
}
