import { afterEach, describe, expect, it } from 'vitest';
import { initSchema } from '../../src/schema-init/init-schema.ts';
import { createTestDatabase, type TestDatabase } from '../database.ts';

const SETTINGS = { stagingSchema: 'staging', dwSchema: 'datawarehouse', dev: false, initDb: false };

let database: TestDatabase;
afterEach(() => database.drop());

const verify = () => initSchema(database, SETTINGS, () => undefined);

describe('INIT_DB=false', () => {
  it('accepts a complete database', async () => {
    database = await createTestDatabase();
    await verify();
  });

  it('drops nothing, also with DEV=true', async () => {
    database = await createTestDatabase();
    await database.pool.query(
      "insert into sluice.dataset (name, parent_schema, parent_table, columns) values ('x', 'x', 'x', '[]')",
    );
    await initSchema(database, { ...SETTINGS, dev: true }, () => undefined);
    const { rows } = await database.pool.query('select name from sluice.dataset');
    expect(rows).toEqual([{ name: 'x' }]);
  });

  it('changes nothing in an empty database and names everything that is missing', async () => {
    database = await createTestDatabase('empty');
    await expect(verify()).rejects.toMatchObject({
      code: 'SCHEMA_MISSING',
      message: expect.stringMatching(
        /schema sluice, schema staging, .*table sluice\.source_file, .*view sluice\.loads/,
      ),
    });
    const { rows } = await database.pool.query(
      "select 1 from pg_namespace where nspname ~ '^(sluice|staging)'",
    );
    expect(rows).toEqual([]);
  });

  it.each([
    ['drop schema datawarehouse', 'lacks schema datawarehouse'],
    ['drop table sluice.reject cascade', 'lacks table sluice.reject, view sluice.rejects'],
    ['drop view sluice.versions', 'lacks view sluice.versions'],
    ['alter table sluice.run drop column pid', 'lacks column sluice.run.pid'],
    ['drop index sluice.load_job_published_once', 'lacks index sluice.load_job.load_job_published_once'],
    [
      'alter table sluice.load_job drop constraint load_job_balanced',
      'lacks constraint sluice.load_job.load_job_balanced',
    ],
  ])('names what is missing after: %s', async (sql, message) => {
    database = await createTestDatabase();
    await database.pool.query(sql);
    await expect(verify()).rejects.toMatchObject({
      code: 'SCHEMA_MISSING',
      message: expect.stringMatching(new RegExp(`${message.replaceAll('.', '\\.')}$`)),
    });
  });
});
