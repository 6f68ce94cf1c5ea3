import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { segmentsSchema } from '../../src/db/made-by-sluice.ts';
import { openPool } from '../../src/db/pool.ts';
import { initSchema } from '../../src/schema-init/init-schema.ts';
import { KNOWN_MIGRATIONS } from '../../src/schema-init/known-migrations.ts';
import { createTestDatabase, type TestDatabase } from '../database.ts';

const SETTINGS = { stagingSchema: 'staging', dwSchema: 'datawarehouse', dev: false, initDb: true };
const silent = () => undefined;

let database: TestDatabase;
afterEach(() => database.drop());

async function schemas(): Promise<{ name: string; comment: string | null }[]> {
  const { rows } = await database.pool.query(
    `select nspname as name, obj_description(oid, 'pg_namespace') as comment from pg_namespace
     where nspname !~ '^pg_' and nspname not in ('information_schema', 'public') order by 1`,
  );
  return rows;
}

describe('an up-to-date database', () => {
  it('is recognised without importing TypeORM', async () => {
    database = await createTestDatabase();
    await initSchema(database, SETTINGS, silent);
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    expect(loaded.filter((path) => path.includes('/node_modules/typeorm/'))).toEqual([]);
  });
});

describe('an empty database', () => {
  beforeEach(async () => {
    database = await createTestDatabase('empty');
  });

  it('gets every schema, marked as made by Sluice, and the migrations', async () => {
    const log: string[] = [];
    await initSchema(database, SETTINGS, (message) => log.push(message));
    const comment = 'made by Sluice';
    const names = ['datawarehouse', 'sluice', 'staging', 'staging_segments'];
    expect(await schemas()).toEqual(names.map((name) => ({ name, comment })));
    expect(log).toEqual([expect.stringContaining('Bookkeeping')]);
  });

  it('is initialised once when two processes start together', async () => {
    const other = openPool(database.url, { max: 3, applicationName: 'other start' });
    const log: string[] = [];
    try {
      await Promise.all([
        initSchema(database, SETTINGS, (message) => log.push(message)),
        initSchema({ pool: other, url: database.url }, SETTINGS, (message) => log.push(message)),
      ]);
    } finally {
      await other.end();
    }
    expect(log).toHaveLength(1);
    const { rows } = await database.pool.query('select count(*) as count from sluice.migrations');
    expect(rows[0].count).toBe(KNOWN_MIGRATIONS.length);
  });

  it('takes schemas whose names need quoting', async () => {
    const names = { stagingSchema: 'My "staging"; --', dwSchema: 'Wärehouse' };
    await initSchema(database, { ...SETTINGS, ...names }, silent);
    const made = (await schemas()).map(({ name }) => name).sort();
    expect(made).toEqual(
      ['sluice', names.stagingSchema, segmentsSchema(names.stagingSchema), names.dwSchema].sort(),
    );
  });

  it('uses schemas that an administrator made, under a role that may create none', async () => {
    const role = `service_${database.name.slice(-12)}`;
    await database.pool.query(`
      create role ${role} login password 'service';
      create schema sluice authorization ${role}; create schema staging authorization ${role};
      create schema staging_segments authorization ${role}; create schema datawarehouse authorization ${role}`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'service';
    const pool = openPool(url.href, { max: 3, applicationName: 'service role' });
    try {
      await initSchema({ pool, url: url.href }, SETTINGS, silent);
      await pool.query(
        'insert into sluice.dataset (name, parent_schema, parent_table, columns) values ($1, $1, $1, $2)',
        ['x', '[]'],
      );
      expect((await schemas()).map(({ comment }) => comment)).toEqual([null, null, null, null]);
    } finally {
      await pool.end();
      await database.pool.query(`drop owned by ${role}; drop role ${role}`);
    }
  });
});

describe('a database made by a newer program', () => {
  it.each([
    { dev: false, initDb: true },
    { dev: true, initDb: true },
    { dev: false, initDb: false },
  ])('is refused with %j', async (mode) => {
    database = await createTestDatabase();
    await database.pool.query("insert into sluice.migrations (timestamp, name) values (1, 'FromTheFuture9')");
    await expect(initSchema(database, { ...SETTINGS, ...mode }, silent)).rejects.toMatchObject({
      code: 'SCHEMA_NEWER',
      message: expect.stringContaining('FromTheFuture9'),
    });
  });
});
