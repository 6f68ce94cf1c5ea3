import type { Pool } from 'pg';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { eventually } from './service.ts';

const GOODBYE_MS = 2_000;

/**
 * Databases for many short tests: emptied after each, which takes a fraction of the time of making a new one. Each is used
 * by one test at a time.
 */
export class ReusedDatabases {
  private readonly all: TestDatabase[] = [];
  private readonly free: TestDatabase[] = [];

  /** A database with the bookkeeping and nothing in it. */
  async take(): Promise<TestDatabase> {
    const free = this.free.pop();
    if (free !== undefined) return free;
    const made = await createTestDatabase();
    this.all.push(made);
    return made;
  }

  /** Throws when somebody else is still connected to it. */
  async giveBack(database: TestDatabase): Promise<void> {
    await eventually(() => isLeft(database.pool), GOODBYE_MS, 'every connection to the database is closed');
    await emptyDatabase(database.pool);
    this.free.push(database);
  }

  async drop(): Promise<void> {
    for (const database of this.all) await database.drop();
  }
}

/** Takes out what files have left: tables, and what the ledger says of them. */
export async function emptyDatabase(pool: Pool): Promise<void> {
  await pool.query(EMPTY);
}

async function isLeft(pool: Pool): Promise<boolean> {
  const { rowCount } = await pool.query(
    `select from pg_stat_activity
      where datname = current_database() and application_name <> 'sluice test' and backend_type = 'client backend'`,
  );
  return rowCount === 0;
}

const EMPTY = `
  do $$
  declare tables text;
  begin
    select string_agg(c.oid::regclass::text, ', ') into tables
      from pg_class c where c.relkind = 'r' and c.relnamespace in ('staging'::regnamespace, 'staging_segments'::regnamespace);
    if tables is not null then execute 'drop table ' || tables || ' cascade'; end if;
    truncate sluice.source_file, sluice.run, sluice.load_job, sluice.reject, sluice.dataset, sluice.version restart identity cascade;
  end $$`;
