import type pg from 'pg';
import type { Settings } from '../config/settings.ts';
import type { Database } from '../db/database.ts';
import { toSluiceError } from '../db/database-error.ts';
import { dropOurs } from './drop-ours.ts';
import { ensureSchemas, existingSchemas, schemasOf } from './ensure-schemas.ts';
import { appliedMigrations, KNOWN_MIGRATIONS, refuseNewer } from './known-migrations.ts';

export type SchemaSettings = Pick<Settings, 'stagingSchema' | 'dwSchema' | 'dev' | 'initDb'>;

/** Two starts on one database take turns. Any fixed pair does; these are the letters `slui`, `ce`. */
const ADVISORY_LOCK = '1936488809, 25445';
const LOCK_TIMEOUT_MS = 60_000;

/**
 * Brings the database to the schema this program works on.
 *
 * - Normally: makes the missing schemas and runs the missing migrations.
 * - `dev`: first drops what Sluice made (SCHEMA_NOT_OURS, SCHEMA_IN_USE when that would touch anything else).
 * - Not `initDb`, whatever `dev` says: changes nothing; SCHEMA_MISSING names what is not there.
 *
 * Throws SCHEMA_NEWER when a newer program made the database. Needs no superuser: where the schemas exist, the right
 * to create tables in them is enough.
 */
export async function initSchema(
  database: Pick<Database, 'pool' | 'url'>,
  settings: SchemaSettings,
  log: (message: string) => void,
): Promise<void> {
  try {
    refuseNewer(await appliedMigrations(database.pool));
    if (!settings.initDb) await verify(database, settings);
    else if (settings.dev || !(await isUpToDate(database.pool, settings))) {
      await holdingLock(database.pool, () => build(database, settings, log));
    }
  } catch (error) {
    throw toSluiceError(error, { table: 'the bookkeeping schema' });
  }
}

async function verify(
  { pool, url }: Pick<Database, 'pool' | 'url'>,
  settings: SchemaSettings,
): Promise<void> {
  const { verifySchema } = await import('./verify-schema.ts');
  await verifySchema(pool, url, schemasOf(settings));
}

/** Asked without the lock and without TypeORM, whose import takes longer than the rest of a start. */
async function isUpToDate(client: pg.ClientBase | pg.Pool, settings: SchemaSettings): Promise<boolean> {
  const applied = await appliedMigrations(client);
  if (applied.length !== KNOWN_MIGRATIONS.length) return false;
  const names = schemasOf(settings);
  return (await existingSchemas(client, names)).size === names.length;
}

async function build(
  { pool, url }: Pick<Database, 'pool' | 'url'>,
  settings: SchemaSettings,
  log: (message: string) => void,
): Promise<void> {
  if (settings.dev) {
    await dropOurs(pool, settings);
    log('DEV=true: dropped what Sluice had made');
  }
  const client = await pool.connect();
  try {
    if (await isUpToDate(client, settings)) return;
    await ensureSchemas(client, schemasOf(settings));
  } finally {
    client.release();
  }
  const { migrate } = await import('./migrate.ts');
  const done = await migrate(url);
  if (done.length > 0) log(`bookkeeping schema migrated: ${done.join(', ')}`);
}

async function holdingLock(pool: pg.Pool, work: () => Promise<void>): Promise<void> {
  const client = await pool.connect();
  let clean = false;
  try {
    await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await client.query(`select pg_advisory_lock(${ADVISORY_LOCK})`);
    await work();
    await client.query(`select pg_advisory_unlock(${ADVISORY_LOCK})`);
    await client.query('set lock_timeout = 0');
    clean = true;
  } finally {
    client.release(!clean);
  }
}
