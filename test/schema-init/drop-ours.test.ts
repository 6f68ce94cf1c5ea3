import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initSchema } from '../../src/schema-init/init-schema.ts';
import { createTestDatabase, type TestDatabase } from '../database.ts';

const SETTINGS = { stagingSchema: 'staging', dwSchema: 'datawarehouse', dev: true, initDb: true };

let database: TestDatabase;
afterEach(() => database.drop());

const remake = () => initSchema(database, SETTINGS, () => undefined);

async function relations(): Promise<string[]> {
  const { rows } = await database.pool.query(
    `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('staging', 'staging_segments', 'datawarehouse', 'public') and c.relkind in ('r', 'v', 'm', 'S')
     order by 1`,
  );
  return rows.map((row) => row.name);
}

/** What loads leave behind: parent, version table, a published segment, and one of a run that died. */
const LOADED = `
  create table staging.orders (id bigint);
  create sequence staging.orders__v1_row;
  create table staging.orders__v1 (
    _run_id bigint default 1, _row bigint default nextval('staging.orders__v1_row')
  ) inherits (staging.orders);
  create table staging_segments.orders_1 (_run_id bigint default 1, _row bigint) inherits (staging.orders__v1);
  create table staging_segments.orders_2 (id bigint, _run_id bigint default 2, _row bigint default 1);
  insert into sluice.dataset (name, parent_schema, parent_table, columns) values ('orders', 'staging', 'orders', '[]');
  insert into sluice.version (dataset_id, version, table_name, columns, fingerprint)
    select dataset_id, 1, 'orders__v1', '[]', 'f' from sluice.dataset;
  create table datawarehouse.fact (id bigint);
  comment on table datawarehouse.fact is 'made by Sluice: transform fact';
  create materialized view datawarehouse.daily as select * from staging.orders;
  comment on materialized view datawarehouse.daily is 'made by Sluice: transform daily';
  create view datawarehouse.weekly as select * from datawarehouse.daily;
  comment on view datawarehouse.weekly is 'made by Sluice: analysis weekly';
  create function sluice.check_value(text) returns boolean language sql return true;
  comment on function sluice.check_value(text) is 'made by Sluice'`;

describe('DEV=true', () => {
  beforeEach(async () => {
    database = await createTestDatabase();
    await database.pool.query(LOADED);
  });

  it('drops and remakes what Sluice made', async () => {
    await remake();
    expect(await relations()).toEqual([]);
    const { rows } = await database.pool.query(
      "select (select count(*) from sluice.dataset) as datasets, to_regproc('sluice.check_value') as routine",
    );
    expect(rows).toEqual([{ datasets: 0, routine: null }]);
  });

  it('keeps tables, views, sequences and grants that somebody else put into these schemas', async () => {
    await database.pool.query(`
      create table staging.mine as select 1 as id; create view staging.mine_too as select * from staging.mine;
      create table staging_segments.copied as select * from staging_segments.orders_2;
      create sequence datawarehouse.my_numbers; create table sluice.notes (id int);
      grant usage on schema staging to pg_monitor`);
    await remake();
    expect(await relations()).toEqual([
      'datawarehouse.my_numbers',
      'staging.mine',
      'staging.mine_too',
      'staging_segments.copied',
    ]);
    const { rows } = await database.pool.query(
      "select to_regclass('sluice.notes') is not null as notes, has_schema_privilege('pg_monitor', 'staging', 'usage') as grant",
    );
    expect(rows).toEqual([{ notes: true, grant: true }]);
  });

  it.each([
    ['a view elsewhere', 'create view public.report as select * from staging.orders', 'view report'],
    [
      'a view among ours',
      'create view staging.report as select * from staging.orders__v1',
      'view staging.report',
    ],
    ['a child table', 'create table public.child () inherits (staging.orders)', 'table child'],
    [
      'a foreign key',
      'create table public.note (run_id bigint references sluice.run)',
      'constraint note_run_id_fkey',
    ],
    ['a default', "create table public.t (n bigint default nextval('staging.orders__v1_row'))", 'table t'],
  ])('refuses before dropping anything when %s depends on it', async (_, sql, dependent) => {
    await database.pool.query(sql);
    const before = await relations();
    await expect(remake()).rejects.toMatchObject({
      code: 'SCHEMA_IN_USE',
      message: expect.stringContaining(dependent),
    });
    expect(await relations()).toEqual(before);
    const { rows } = await database.pool.query('select name from sluice.dataset');
    expect(rows).toEqual([{ name: 'orders' }]);
  });
});

describe('DEV=true in a database with schemas of the same names', () => {
  it.each(['staging', 'staging_segments', 'datawarehouse', 'sluice'])(
    'refuses a foreign %s',
    async (schema) => {
      database = await createTestDatabase('empty');
      await database.pool.query(`create schema ${schema}; create table ${schema}.precious as select 1 as id`);
      await expect(remake()).rejects.toMatchObject({
        code: 'SCHEMA_NOT_OURS',
        message: expect.stringContaining(schema),
      });
      const { rows } = await database.pool.query(`select id from ${schema}.precious`);
      expect(rows).toEqual([{ id: 1 }]);
      const made = await database.pool.query(
        "select 1 from pg_namespace where nspname in ('sluice', 'staging')",
      );
      expect(made.rowCount).toBe(['staging', 'sluice'].includes(schema) ? 1 : 0);
    },
  );

  it('accepts an empty database', async () => {
    database = await createTestDatabase('empty');
    await remake();
    await remake();
    expect((await database.pool.query('select * from sluice.loads')).rows).toEqual([]);
  });
});
