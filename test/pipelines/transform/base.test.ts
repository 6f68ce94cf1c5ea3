import { describe, expect, it } from 'vitest';
import { Service } from '../../service.ts';
import { Warehouse } from './warehouse.ts';

const COUNTRIES = '"code";Name;population\nCH;"Schweiz; Suisse";8700000\nAT;Österreich;\nDE;"";83000000\n';
const ORDERS = `-- @materialized incremental
-- @references country -> countries.code
select id, country, _run_id from {{ staging.orders }}`;

describe('base data', () => {
  it('becomes a table that is made equal to its file by key, and nothing is touched when it has not changed', async () => {
    const warehouse = await Warehouse.create();
    await warehouse.base('countries.csv', COUNTRIES);
    await warehouse.base(
      'levels.sql',
      "-- @key level\nselect * from (values (1, 'low'), (2, 'high')) v(level, name)",
    );
    await warehouse.transform();
    expect(await warehouse.rows('select * from datawarehouse.countries order by code')).toEqual([
      ['AT', 'Österreich', null],
      ['CH', 'Schweiz; Suisse', 8_700_000],
      ['DE', '', 83_000_000],
    ]);
    expect(await warehouse.rows('select * from datawarehouse.levels order by 1')).toEqual([
      [1, 'low'],
      [2, 'high'],
    ]);
    const before = await warehouse.rows('select code, xmin, ctid from datawarehouse.countries order by 1');
    expect(await warehouse.transform(null)).toMatchObject([{ rowsUpdated: 0 }, { rowsUpdated: 0 }]);
    await warehouse.base(
      'countries.csv',
      COUNTRIES.replace('DE;"";83000000\n', 'FR;France;68000000\n').replace('8700000', '8800000'),
    );
    expect(await warehouse.transform()).toMatchObject([
      { model: 'countries', rowsInserted: 1, rowsUpdated: 1, rowsDeleted: 1 },
      { model: 'levels' },
    ]);
    const after = await warehouse.rows('select code, xmin, ctid from datawarehouse.countries order by 1');
    expect(after[0]).toEqual(before[0]);
  });

  it('loses no row that is referred to: the error names it, and the state before stays', async () => {
    const warehouse = await Warehouse.create({ orders: ORDERS });
    await warehouse.base('countries.csv', COUNTRIES);
    await warehouse.deliver('orders.csv', 'id,country\n1,CH\n2,AT\n');
    await warehouse.transform();
    await warehouse.base('countries.csv', 'code,name,population\nCH,Schweiz,8700000\n');
    await warehouse.deliver('orders_2026-11-21.csv', 'id,country\n3,CH\n');
    const failed = await warehouse.transform();
    expect(failed.find(({ model }) => model === 'countries')?.error).toMatchObject({
      code: 'BASE_ROW_IN_USE',
      message: 'base/countries.csv has lost rows that orders refers to: country = AT',
    });
    expect(await warehouse.rows('select count(*) from datawarehouse.countries')).toEqual([[3]]);
    expect(await warehouse.rows('select count(*) from datawarehouse.orders')).toEqual([[2]]);
    await warehouse.base('countries.csv', 'code,name,population\nCH,Schweiz,8700000\nAT,Austria,9000000\n');
    await warehouse.transform();
    expect(await warehouse.rows('select name from datawarehouse.countries order by 1')).toEqual([
      ['Austria'],
      ['Schweiz'],
    ]);
    expect(await warehouse.rows('select count(*) from datawarehouse.orders')).toEqual([[3]]);
    await warehouse.deliver('orders_2026-11-22.csv', 'id,country\n4,XX\n');
    expect((await warehouse.transform()).find(({ model }) => model === 'orders')?.error?.message).toContain(
      'its foreign keys: insert or update on table "orders" violates foreign key',
    );
  });

  it('that is wrong is refused with file and line', async () => {
    const warehouse = await Warehouse.create();
    const cases: [string | Buffer, string][] = [
      ['code,name\nCH,a\nAT\n', 'BASE_INVALID: base/countries.csv, line 3: Invalid Record Length'],
      ['code,name\nCH,"a\n', 'BASE_INVALID: base/countries.csv, line 2: Quote Not Closed'],
      ['code,,x\n', 'line 1: column 2 has no name'],
      ['code,Code\n', 'line 1: two columns are called code'],
      [Buffer.from('code\n\xff', 'latin1'), 'line 1: it is not UTF-8'],
      ['', 'line 1: there is no header line'],
    ];
    for (const [text, expected] of cases) {
      await warehouse.base('countries.csv', text);
      const error: unknown = await warehouse.transform().catch((thrown: unknown) => thrown);
      expect(`${Reflect.get(error as object, 'code')}: ${(error as Error).message}`).toContain(expected);
    }
    await warehouse.base('countries.csv', 'code,name\nCH,a\nCH,b\n');
    expect((await warehouse.transform())[0]?.error?.message).toContain('Key (code)=(CH) is duplicated');
  });

  it('is there before the first file that is checked against it, and takes what the configuration says of it', async () => {
    const service = await Service.create();
    await service.write('warehouse/base/countries.csv', 'name,code\nSchweiz,01\n');
    await service.write(
      'sluice.config.ts',
      `import { defineBase, defineConfig } from 'sluice';
       export default defineConfig({
         base: [defineBase({ name: 'countries', key: ['Code'], columns: { code: 'char(2)' } })],
         datasets: [{ name: 'orders', match: 'orders*.csv', columns: { country: 'text' }, checks: [
           { check: 'foreign_key', column: 'country', references: 'warehouse.countries.code' }] }],
       });`,
    );
    await service.drop('orders_1.csv', 'id,country\n1,01\n');
    await service.drop('orders_2.csv', 'id,country\n2,99\n');
    const ended = await service.run(['once', '--json']);
    expect(ended.code, ended.stderr).toBe(2);
    expect(await service.statuses()).toEqual([
      { name: 'orders_1.csv', status: 'published', error: null },
      { name: 'orders_2.csv', status: 'failed', error: 'CHECK_FAILED' },
    ]);
    expect(
      await service.query(
        "select column_name, data_type from information_schema.columns where table_name = 'countries' order by ordinal_position",
      ),
    ).toEqual([
      { column_name: 'name', data_type: 'text' },
      { column_name: 'code', data_type: 'character' },
    ]);
    await service.write('warehouse/base/countries.csv', 'name,code\nSchweiz,01\nAustria,43\n');
    expect((await service.run(['once'])).code).toBe(0);
    expect(await service.value('select count(*) from datawarehouse.countries')).toBe(2);
  });
});
