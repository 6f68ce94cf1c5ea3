import type pg from 'pg';
import { BOOKKEEPING_SCHEMA } from '../entities/bookkeeping-schema.ts';
import { SluiceError } from '../errors.ts';

/** Where TypeORM notes the migrations that have run. */
export const MIGRATIONS_TABLE = 'migrations';

/** Names of all migrations, oldest first; known here without importing TypeORM. */
export const KNOWN_MIGRATIONS = [
  'Bookkeeping1795219200000',
  'Undo1795500000000',
  'RejectPieces1795600000000',
  'Redelivery1795710000000',
  'Archives1795812000000',
  'Versions1795820000000',
  'Warehouse1796000000000',
  'FeedOrder1796100000000',
  'Checks1796500000000',
  'Exports1796600000000',
  'Footers1796700000000',
  'Upkeep1796850000000',
  'PendingOutcomes1796900000000',
  'IncrementalExports1796960000000',
  'ContentIndex1796970000000',
  'VersionNumbers1797000000000',
  'DescribedColumns1797010000000',
  'ExportReads1797020000000',
] as const;

/** Names of the migrations the database has had; empty when it has no bookkeeping schema. */
export async function appliedMigrations(client: pg.ClientBase | pg.Pool): Promise<string[]> {
  const table = `${BOOKKEEPING_SCHEMA}.${MIGRATIONS_TABLE}`;
  const exists = await client.query<{ oid: string | null }>('select to_regclass($1)::text as oid', [table]);
  if (exists.rows[0]?.oid == null) return [];
  const { rows } = await client.query<{ name: string }>(`select name from ${table} order by id`);
  return rows.map((row) => row.name);
}

/** Throws SCHEMA_NEWER when the database has had a migration that this program does not know. */
export function refuseNewer(applied: readonly string[]): void {
  const unknown = applied.filter((name) => !KNOWN_MIGRATIONS.some((known) => known === name));
  if (unknown.length > 0) throw new SluiceError('SCHEMA_NEWER', { migrations: unknown.join(', ') });
}
