import { inspect } from 'node:util';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { identifyTable, pulledTable } from '../../src/pipelines/identify/identify-table.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { expectNothingLeftOver } from '../crash/killed.ts';
import { createTestDatabase, type TestDatabase } from '../database.ts';
import { Service } from '../service.ts';
import { readBriefly } from './read-briefly.ts';

// Several processes each, perhaps on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const TABLES = `
  create type mood as enum ('glad', 'sad');
  create domain percentage as numeric(5, 2) check (value between 0 and 100);
  create table orders (
    id bigint primary key, customer text, note varchar(40), price numeric(12, 2), paid money, placed timestamptz,
    seen timestamp(3), day date, at time, span interval, mood mood, share percentage, flags boolean[], moods mood[],
    vec tsvector, rng int4range, multi datemultirange, nested int[], addr inet, tz timetz, x xml, big numeric,
    doc jsonb, photo bytea, bits bit(3), r real, d double precision, key uuid, spot point
  );
  insert into orders values
    (2, '', null, 1.50, 1234.5, '2024-02-29 10:00:00+02', '2024-02-29 10:00:00.123', '0044-03-15 BC', '24:00', '1 mon -3 days',
     'glad', 99.5, '{t,null}', '{sad}', 'a:1 ''b "c'':2', '[1,5)', '{[2024-01-01,2024-02-01)}', '{{1,2},{3,null}}', '10.0.0.1/8', '10:00+02', '<a>é</a>', 'NaN', '{"a": [1, "\\""]}', '\\x00ff0a', b'101', 'NaN', 0.1, gen_random_uuid(), '(1,2)'),
    (1, E'a "quoted"\\n\\\\.\\n, text', E'tab\\there', null, null, 'infinity', null, null, null, null,
     null, null, null, null, '', 'empty', '{}', '{}', '::1', null, null, 123456789012345678901234567890.123456789, null, '', null, 1e-30, 'Infinity', null, null);
  create table words (word text);
  insert into words values (null), (''), ('\\N'), (E'two\\nlines'), ('\\.');
  create table nothing (id int primary key, name text);
  create table parted (id int, part int) partition by list (part);
  create table parted_1 partition of parted for values in (1);
  insert into parted values (7, 1);
  create table heirs () inherits (nothing);
  insert into heirs values (1, 'of an heir');
  create view totals as select count(*) as n from orders;
`;

async function shop(sql = TABLES): Promise<TestDatabase> {
  const database = await createTestDatabase('empty');
  onTestFinished(() => database.drop());
  await database.pool.query(sql);
  return database;
}

async function serviceFor(source: TestDatabase, config: string): Promise<Service> {
  const service = await Service.create({ SOURCE_SHOP_URL: source.url });
  await service.write(
    'sluice.config.ts',
    `import { defineConfig, defineSource } from 'sluice';\nexport default defineConfig(${config});`,
  );
  return service;
}

it('sluice pull loads every table of a Postgres source with its own types, values and NULLs', async () => {
  const source = await shop();
  const service = await serviceFor(source, `{ sources: [defineSource({ name: 'shop' })] }`);

  const planned = await service.run(['pull', 'shop', 'orders', '--plan', '--json']);
  expect(planned.code, planned.stderr).toBe(0);
  expect(JSON.parse(planned.stdout).jobs).toMatchObject([
    { dataset: 'shop_orders', preview: [{ 0: '1' }, { 0: '2' }] },
  ]);
  expect(await service.statuses()).toEqual([]);

  const pulled = await service.run(['pull', 'shop', '--json']);
  expect(pulled.code, pulled.stderr).toBe(0);
  const { files } = JSON.parse(pulled.stdout);
  expect(
    files.map((file: { name: string; loads: { versionTable: string; rowsLoaded: number }[] }) => [
      file.name,
      file.loads[0]?.versionTable,
      file.loads[0]?.rowsLoaded,
    ]),
  ).toEqual([
    ['shop.heirs', 'staging.shop_heirs__v1', 1],
    ['shop.nothing', 'staging.shop_nothing__v1', 1],
    ['shop.orders', 'staging.shop_orders__v1', 2],
    ['shop.parted', 'staging.shop_parted__v1', 1],
    ['shop.words', 'staging.shop_words__v1', 5],
  ]);
  expect(pulled.stderr).toMatch(
    /published shop\.orders \| shop_orders -> staging\.shop_orders__v1 \| 2 rows/,
  );
  expect(pulled.stdout + pulled.stderr).not.toContain(new URL(source.url).password || '\0');

  const columns =
    'id, customer, note, price, placed, seen, day, at, span, mood::text, share, flags, moods::text[], vec::text, rng, multi, nested, addr, tz, x, big::text, doc, photo, bits, r, d, key, spot::text';
  const sql = (table: string) =>
    `select jsonb_agg(to_jsonb(t) order by id) as rows from (select ${columns}, paid::numeric as paid from ${table}) t`;
  const { rows } = await source.pool.query(sql('orders'));
  expect(await service.value(sql('staging.shop_orders'))).toEqual(rows[0].rows);
  expect(
    await service.query(
      `select column_name as name, format_type(a.atttypid, a.atttypmod) as type
         from information_schema.columns c join pg_attribute a on a.attrelid = 'staging.shop_orders'::regclass and a.attname = c.column_name
        where table_schema = 'staging' and table_name = 'shop_orders' and column_name in ('note', 'share', 'mood', 'moods', 'seen', 'photo')
        order by 1`,
    ),
  ).toEqual([
    { name: 'mood', type: 'text' },
    { name: 'moods', type: 'text[]' },
    { name: 'note', type: 'character varying(40)' },
    { name: 'photo', type: 'bytea' },
    { name: 'seen', type: 'timestamp(3) without time zone' },
    { name: 'share', type: 'numeric(5,2)' },
  ]);
  expect(await service.query('select word from staging.shop_words order by _row')).toEqual(
    [null, '', '\\N', 'two\nlines', '\\.'].map((word) => ({ word })),
  );
});

it('sluice pull replaces what it loaded before, knows what has not changed, and can be undone', async () => {
  const source = await shop(`
    create table customers (id int primary key, name text);
    insert into customers select n, 'customer ' || n from generate_series(1, 3) n`);
  const service = await serviceFor(
    source,
    `{ sources: [{ name: 'shop', tables: ['customers', { name: 'short', query: 'select id from customers where id < 3' }] }] }`,
  );
  const first = await service.run(['pull', 'shop', '--json']);
  expect(first.code, first.stderr).toBe(0);
  // Written anew, the rows lie elsewhere; they are the same.
  await source.pool.query(`update customers set name = name where id = 1`);
  const same = await service.run(['pull', 'shop', '--json']);
  expect(same.code, same.stderr).toBe(0);
  expect(JSON.parse(same.stdout).files.map((file: { status: string }) => file.status)).toEqual([
    'duplicate',
    'duplicate',
  ]);

  await source.pool.query(
    `delete from customers where id = 1; alter table customers alter id type bigint, add city text;
     insert into customers values (4, null, 'Bern')`,
  );
  const changed = await service.run(['pull', 'shop', 'customers', '--json']);
  expect(JSON.parse(changed.stdout).files).toMatchObject([
    { name: 'shop.customers', status: 'published', runId: 5 },
    { name: 'shop.customers', status: 'superseded', runId: 1 },
  ]);
  expect(await service.query('select id, name, city from staging.shop_customers order by id')).toEqual([
    { id: 2, name: 'customer 2', city: null },
    { id: 3, name: 'customer 3', city: null },
    { id: 4, name: null, city: 'Bern' },
  ]);
  const again = await service.run(['pull', 'shop', 'cust*', '--again', '--json']);
  expect(JSON.parse(again.stdout).files).toMatchObject([
    { status: 'published', runId: 6 },
    { status: 'superseded' },
  ]);

  const replayed = await service.run(['replay', '6']);
  expect([replayed.code, replayed.stderr]).toEqual([
    2,
    expect.stringMatching(/RUN_WAS_PULLED.*\n.*sluice pull/),
  ]);
  const retracted = await service.run(['retract', 'shop.customers']);
  expect(retracted.code, retracted.stderr).toBe(0);
  expect(await service.value('select count(*) from staging.shop_customers')).toBe(0);
  await expectNothingLeftOver(service);
});

it('a Postgres source goes on with its snapshot when a reading is broken off, or refused', async () => {
  const database = await shop(`
    create table large as select n as id, repeat('x', 1000) as filler from generate_series(1, 20000) n;
    create table small (id int primary key); insert into small values (1);
    create view broken as select 1 / (id - 1) as n from small`);
  const source = await openSource({
    name: 'shop',
    variable: 'SOURCE_SHOP_URL',
    url: new Secret(database.url),
  });
  try {
    expect(await readBriefly(source, 'large', 5)).toBeGreaterThan(0);
    await database.pool.query('insert into small values (2)');
    await expect(readBriefly(source, 'broken', 5)).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
    expect(await readBriefly(source, 'small', Number.POSITIVE_INFINITY)).toBe('id\n"1"\n'.length);
    expect(source.isLost).toBe(false);
  } finally {
    await source.close();
  }
});

it('a source that cannot be opened says why, and shows no password', async () => {
  const refusal = async (url: string | null) => {
    const settings = {
      name: 'shop',
      variable: 'SOURCE_SHOP_URL',
      url: url === null ? null : new Secret(url),
    };
    const error = await openSource(settings).catch((thrown: unknown) => thrown);
    expect(inspect(error, { depth: 9 })).not.toContain('secret');
    return error;
  };
  expect(await refusal(null)).toMatchObject({ code: 'SOURCE_URL_MISSING' });
  expect(await refusal('sqlserver://sa:secret@host/db')).toMatchObject({
    code: 'SOURCE_UNSUPPORTED',
    message: 'source shop: sqlserver:// is not supported',
    remedy: expect.stringContaining('SQL Server'),
  });
  for (const scheme of ['postgres', 'mysql']) {
    expect(await refusal(`${scheme}://me:secret@127.0.0.1:1/db`)).toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining(`source shop (${scheme}://me:***@127.0.0.1:1/db)`),
    });
  }
  expect(await refusal('mysql://me:secret@host/db?sslmode=require')).toMatchObject({
    message: expect.stringContaining('the URL has the parameter sslmode'),
  });
});

it('a table without columns is refused as what it is', async () => {
  const source = await shop('create table bare ()');
  const url = new Secret(source.url);
  const open = await openSource({ name: 'shop', variable: 'SOURCE_SHOP_URL', url });
  onTestFinished(() => open.close());
  const table = { name: 'bare', selection: { relation: 'bare' }, dataset: null };
  await expect(identifyTable(open, pulledTable('shop', table, []))).rejects.toMatchObject({
    code: 'SOURCE_TABLE_WITHOUT_COLUMNS',
    message: 'bare of source shop has no columns: there is nothing to load',
  });
});

it('sluice pull refuses tables that would feed one dataset', async () => {
  const source = await shop('create table "Orders" (id int); create table orders (id int)');
  const service = await serviceFor(source, `{ sources: [{ name: 'shop' }] }`);
  const { code, stderr } = await service.run(['pull', 'shop']);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/SOURCE_DATASET_SHARED: Orders and orders .*shop_orders/),
  ]);
});
