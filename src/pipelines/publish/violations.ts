import type { PoolClient } from 'pg';
import { qualified } from '../../db/identifiers.ts';
import { FOREIGN_KEY_VIOLATION, UNIQUE_VIOLATION } from '../../db/sqlstate.ts';
import { SluiceError } from '../../errors.ts';
import type { Reject } from '../../ledger/rejects.ts';
import { type ForeignKey, type Keys, readKeys, type UniqueKey } from '../tables/keys.ts';
import type { PublishJob } from './publish-run.ts';

/** Rows of segments on their way into their version table. Names are quoted. */
export interface Move {
  readonly client: PoolClient;
  readonly job: PublishJob;
  readonly runId: number;
  readonly version: string;
  readonly tables: readonly string[];
  /** The columns that are copied, as a list. */
  readonly columns: string;
}

/** A row that violates a key; `row` is its `_row`. */
type Violation = Pick<Reject, 'message' | 'sqlstate'> & { readonly row: number };

/** So many are named when there are more than are allowed. */
const NAMED_OF_TOO_MANY = 1_000;
const NAMED_EXCLUSION = 'the row conflicts with one that is there, by a unique or an exclusion constraint';

/**
 * Moves the rows that violate no key, and rejects the others: all at once, not one after the other. Of rows with the same key the
 * first is taken. Gives how many rows Postgres has taken. What cannot be found out this way (rules of triggers, constraints that
 * can be deferred, keys that refer to the table itself) is raised as `cause`, which Postgres gave.
 */
export async function rejectViolations(move: Move, cause: unknown): Promise<number> {
  const { client, job } = move;
  const { schema, name } = job.plan.version;
  const keys = await readKeys(client, qualified(schema, name));
  if (keys.unique.some((key) => key.isDeferrable)) throw cause;
  const violations: Violation[] = [];
  for (const key of keys.foreign) violations.push(...(await withoutReferent(move, name, key)));
  await removeRows(move, violations);
  const { rowCount } = await client.query(
    `INSERT INTO ${move.version} (${move.columns})
     SELECT ${move.columns} FROM ${union(move)} s ORDER BY _row ON CONFLICT DO NOTHING`,
  );
  violations.push(...(await conflicting(move, keys)));
  if (violations.length === 0) throw cause;
  await reject(move, violations);
  return rowCount ?? 0;
}

function union({ tables, columns }: Move): string {
  return `(${tables.map((table) => `SELECT ${columns} FROM ONLY ${table}`).join(' UNION ALL ')})`;
}

async function withoutReferent(move: Move, table: string, key: ForeignKey): Promise<Violation[]> {
  const { client } = move;
  const pairs = key.columns.map((column, at) => `r.${key.referred[at]} = s.${column}`);
  const noReferent = `NOT EXISTS (SELECT FROM ${key.target} r WHERE ${pairs.join(' AND ')})`;
  const all = key.columns.map((column) => `s.${column} IS NOT NULL`).join(' AND ');
  const any = key.columns.map((column) => `s.${column} IS NOT NULL`).join(' OR ');
  // MATCH FULL: all of them are NULL, or none.
  const wrong = key.isFull ? `(${any}) AND (NOT (${all}) OR ${noReferent})` : `${all} AND ${noReferent}`;
  const { rows } = await client.query<{ row: number }>(
    `SELECT s._row AS row FROM ${union(move)} s WHERE ${wrong}`,
  );
  const message = `insert or update on table "${table}" violates foreign key constraint "${key.name}"`;
  return rows.map(({ row }) => ({ row, message, sqlstate: FOREIGN_KEY_VIOLATION }));
}

async function removeRows({ client, tables }: Move, violations: readonly Violation[]): Promise<void> {
  if (violations.length === 0) return;
  const rows = violations.map(({ row }) => row);
  for (const table of tables)
    await client.query(`DELETE FROM ONLY ${table} WHERE _row = ANY($1::bigint[])`, [rows]);
}

/** Rows that were left out because of another with the same key. */
async function conflicting(move: Move, keys: Keys): Promise<Violation[]> {
  const { client, version, runId } = move;
  const { rows } = await client.query<{ row: number }>(
    `SELECT s._row AS row FROM ${union(move)} s
      WHERE NOT EXISTS (SELECT FROM ONLY ${version} v WHERE v._run_id = $1 AND v._row = s._row)`,
    [runId],
  );
  const unnamed = new Set(rows.map(({ row }) => row));
  const violations: Violation[] = [];
  for (const key of keys.unique.filter(({ isPlain }) => isPlain)) {
    if (unnamed.size === 0) break;
    for (const row of await sameKey(move, key, [...unnamed])) {
      const message = `duplicate key value violates unique constraint "${key.name}"`;
      unnamed.delete(row);
      violations.push({ row, message, sqlstate: UNIQUE_VIOLATION });
    }
  }
  for (const row of unnamed) violations.push({ row, message: NAMED_EXCLUSION, sqlstate: UNIQUE_VIOLATION });
  return violations;
}

async function sameKey(move: Move, key: UniqueKey, among: readonly number[]): Promise<number[]> {
  const same = key.columns.map((column) => `v.${column} = s.${column}`).join(' AND ');
  const { rows } = await move.client.query<{ row: number }>(
    `SELECT s._row AS row FROM ${union(move)} s
      WHERE s._row = ANY($1::bigint[]) AND EXISTS (SELECT FROM ONLY ${move.version} v WHERE ${same})`,
    [among],
  );
  return rows.map(({ row }) => row);
}

/** A record is rejected once, for the first of its faults; its bytes have to be read again. */
async function reject({ job }: Move, violations: readonly Violation[]): Promise<void> {
  const { plan, loaded, find } = job;
  const { recordsRead, rejects } = loaded;
  const table = `${plan.version.schema}.${plan.version.name}`;
  const facts = { file: plan.title, table, count: violations.length };
  if (find === null) throw new SluiceError('KEYS_VIOLATED', facts);
  const numbers = plan.correction?.records ?? null;
  const byRecord = new Map<number, Violation>();
  for (const violation of violations.toSorted((a, b) => a.row - b.row)) {
    const record = numbers === null ? violation.row : numbers.indexOf(violation.row) + 1;
    if (!byRecord.has(record)) byRecord.set(record, violation);
  }
  const tooMany = rejects.findTooMany(byRecord.size, recordsRead);
  const named = tooMany === null ? [...byRecord] : [...byRecord].slice(0, NAMED_OF_TOO_MANY);
  const found = await find(new Set(named.map(([record]) => record)));
  const list = named.map(([record, { message, sqlstate }]): Reject => {
    const bytes = found.get(record);
    if (bytes === undefined) throw new SluiceError('FILE_CHANGED', { file: plan.title });
    // Postgres names no column of a key that is violated.
    return { record, ...bytes, code: 'VALUE_REFUSED', column: null, message, sqlstate };
  });
  await rejects.add(list);
  if (tooMany !== null) throw tooMany;
}
