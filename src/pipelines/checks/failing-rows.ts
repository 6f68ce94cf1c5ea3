import type { CheckConfig } from '../../config/define-checks.ts';
import { quoteIdentifier, quoteLiteral } from '../../db/identifiers.ts';
import { scanSql } from '../../db/scan-sql.ts';
import { MOST_KEPT } from './check-result.ts';
import type { CheckScope } from './evaluate-checks.ts';

/** A longer row is kept in part. */
const MOST_JSON_BYTES = 65_536;

/** Of those that have published the same. */
export const MOST_RUNS = 3;

/** The rows that those checked are compared with besides each other; null when there are none, or they do not count. */
export async function rowsBeside(scope: CheckScope, config: CheckConfig): Promise<string | null> {
  if (config.check !== 'unique' || config.within === 'delivery') return null;
  return scope.publishedRows([config.columns].flat().map((name) => scope.columnOf(name)));
}

/** What makes the checked rows `sluice_rows` in the statement behind it. */
export function ROWS({ source }: Pick<CheckScope, 'source'>): string {
  return `with sluice_rows as not materialized (${source})`;
}

/** The condition under which a row `r` fails, for checks that look at one row at a time; null for others. */
export function rowCondition(scope: CheckScope, config: CheckConfig): string | null {
  const column = (name: string) => `r.${quoteIdentifier(scope.columnOf(name))}`;
  if (config.check === 'not_null') {
    return [config.columns]
      .flat()
      .map((name) => `${column(name)} is null`)
      .join(' or ');
  }
  if (config.check === 'accepted_values') {
    const areNumbers = config.values.every((value) => typeof value === 'number');
    const list = config.values.map((value) => (areNumbers ? String(value) : quoteLiteral(String(value))));
    return `${column(config.column)}${areNumbers ? '' : '::text'} not in (${list.join(', ')})`;
  }
  if (config.check !== 'range') return null;
  const bound = (value: number | string) => (typeof value === 'number' ? `(${value})` : quoteLiteral(value));
  return [
    ...(config.min === undefined ? [] : [`${column(config.column)} < ${bound(config.min)}`]),
    ...(config.max === undefined ? [] : [`${column(config.column)} > ${bound(config.max)}`]),
  ].join(' or ');
}

/** How many rows fail. Of rows that are not unique all count that share their key. */
export async function failingCount(
  scope: CheckScope,
  config: CheckConfig,
  beside: string | null,
): Promise<number> {
  const sql =
    config.check === 'unique'
      ? `select coalesce(sum(n), 0)::bigint as failing from (${duplicateKeys(scope, config, beside)}) d`
      : `select count(*) as failing from ${failing(scope, config, beside)}`;
  const { rows } = await scope.client.query<{ failing: number }>(`${ROWS(scope)} ${sql}`);
  return rows[0]?.failing ?? 0;
}

/** The first failing rows, as JSON. */
export async function failingRows(
  scope: CheckScope,
  config: CheckConfig,
  beside: string | null,
): Promise<string[]> {
  const { rows } = await scope.client.query<{ row: string }>(
    `${ROWS(scope)}, sluice_failing as (select to_jsonb(f) as row from ${failing(scope, config, beside)} limit ${MOST_KEPT})
     select case when octet_length(row::text) <= ${MOST_JSON_BYTES} then row
                 else jsonb_build_object('too_long', left(row::text, 1000)) end::text as row from sluice_failing`,
  );
  return rows.map(({ row }) => row);
}

/** Some of the runs that have published what the checked rows have, one more than are shown. */
export async function runsWithSame(
  scope: CheckScope,
  config: CheckConfig,
  beside: string,
): Promise<number[]> {
  if (config.check !== 'unique') return [];
  const { rows } = await scope.client.query<{ run: number }>(
    `${ROWS(scope)} select distinct p._run_id as run from (${beside}) p
      where ${isInRows(keysOf(scope, config))} order by run limit ${MOST_RUNS + 1}`,
  );
  return rows.map(({ run }) => run);
}

/** The failing rows as a table expression `f`. */
function failing(scope: CheckScope, config: CheckConfig, beside: string | null): string {
  const condition = rowCondition(scope, config);
  if (condition !== null) return `(select r.* from sluice_rows r where ${condition}) f`;
  if (config.check === 'unique') {
    const keys = keysOf(scope, config);
    const few = `select ${keys.join(', ')} from (${duplicateKeys(scope, config, beside)}) d limit ${MOST_KEPT}`;
    const list = keys.map((key) => `r.${key}`).join(', ');
    return `(select r.* from sluice_rows r where (${list}) in (${few}) order by ${list}) f`;
  }
  if (config.check === 'foreign_key') {
    const [kind = '', name = '', target = ''] = config.references.split('.');
    const column = `r.${quoteIdentifier(scope.columnOf(config.column))}`;
    const relation = scope.relationOf(kind as 'staging' | 'warehouse', name);
    return `(select r.* from sluice_rows r where ${column} is not null and not exists
              (select from ${relation} t where t.${quoteIdentifier(target)} = ${column})) f`;
  }
  if (config.check === 'sql') return `(\n${ownSelect(scope, config.sql)}\n) f`;
  throw new Error(`${config.check} is not about rows`);
}

function keysOf(scope: CheckScope, { columns }: { columns: string | readonly string[] }): string[] {
  return [columns].flat().map((name) => quoteIdentifier(scope.columnOf(name)));
}

/**
 * Those of the checked rows that are not the only ones, and how many rows have them. Of what is published already, most
 * of all by far, none is sorted or kept: one scan looks each row up among the checked ones, or an index the other way round.
 */
function duplicateKeys(
  scope: CheckScope,
  config: { columns: string | readonly string[] },
  beside: string | null,
): string {
  const keys = keysOf(scope, config);
  const list = keys.join(', ');
  const taken =
    beside === null
      ? ''
      : ` or (${list}) in (select ${keys.map((key) => `p.${key}`).join(', ')} from (${beside}) p where ${isInRows(keys)})`;
  return `select ${list}, count(*) as n from sluice_rows where ${keys.map((key) => `${key} is not null`).join(' and ')}
           group by ${list} having count(*) > 1${taken}`;
}

function isInRows(keys: readonly string[]): string {
  return `exists (select from sluice_rows r where ${keys.map((key) => `r.${key} = p.${key}`).join(' and ')})`;
}

/** References filled in; what stands in it can only read, for it becomes a part of a SELECT. */
function ownSelect(scope: CheckScope, sql: string): string {
  const { placeholders, end } = scanSql(sql);
  let filled = '';
  let at = 0;
  for (const placed of placeholders) {
    filled += sql.slice(at, placed.start) + relationFor(scope, placed.text);
    at = placed.end;
  }
  return filled + sql.slice(at, end);
}

function relationFor(scope: CheckScope, text: string): string {
  if (text === 'rows') return 'sluice_rows';
  const [, kind, name = ''] = /^(staging|warehouse)\s*\.\s*(.+)$/su.exec(text) ?? [];
  if (kind === undefined) {
    throw new Error(`{{ ${text} }} is not a reference; write rows, staging.DATASET or warehouse.MODEL`);
  }
  return scope.relationOf(kind as 'staging' | 'warehouse', name);
}
