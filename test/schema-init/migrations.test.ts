import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FINISHED_STATUSES, isFinished, STATUS } from '../../src/entities/status.ts';
import { MIGRATIONS, withDataSource } from '../../src/schema-init/data-source.ts';
import { KNOWN_MIGRATIONS } from '../../src/schema-init/known-migrations.ts';
import { BOOKKEEPING_RELATIONS } from '../../src/schema-init/made-objects.ts';
import { createTestDatabase, type TestDatabase } from '../database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('the migrations', () => {
  it('are listed by the names of their classes', () => {
    expect(MIGRATIONS.map((migration) => migration.name)).toEqual([...KNOWN_MIGRATIONS]);
  });

  it('make exactly the tables that the entities describe', async () => {
    const sql = await withDataSource(database.url, (source) => source.driver.createSchemaBuilder().log());
    expect(sql.upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('make exactly the relations that DEV=true drops', async () => {
    const { rows } = await database.pool.query(
      "select relname from pg_class where relnamespace = 'sluice'::regnamespace and relkind in ('r', 'v')",
    );
    expect(rows.map((row) => row.relname).sort()).toEqual([...BOOKKEEPING_RELATIONS].sort());
  });

  it('make the views with the columns of their entities, in order', async () => {
    const views = await withDataSource(database.url, async (source) =>
      source.entityMetadatas.filter((entity) => entity.tableType === 'view'),
    );
    expect(views).toHaveLength(8);
    for (const view of views) {
      const { fields } = await database.pool.query(`select * from ${view.tablePath} limit 0`);
      expect(fields.map((field) => field.name)).toEqual(view.columns.map((column) => column.databaseName));
    }
  });
});

describe('isFinished', () => {
  it.each(Object.values(STATUS))('knows %s', (status) => {
    expect(isFinished(status)).toBe(FINISHED_STATUSES.some((finished) => finished === status));
  });
});
