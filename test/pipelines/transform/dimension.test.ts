import { describe, expect, it } from 'vitest';
import { Warehouse } from './warehouse.ts';

const COUNTRY = '-- @dimension staging.orders.country';
const ORDER = `-- @materialized incremental
-- @references country_id -> country.id
select o.id, c.id as country_id, o._run_id
from {{ staging.orders }} o left join {{ warehouse.country }} c using (country)`;

async function ids(warehouse: Warehouse): Promise<unknown> {
  return Object.fromEntries(
    (await warehouse.rows('select country, id from datawarehouse.country order by id')) as [string, number][],
  );
}

describe('a dimension', () => {
  it('gives each value a number that stays, and a model of the same transaction refers to it', async () => {
    const warehouse = await Warehouse.create({ country: COUNTRY, orders: ORDER });
    const first = await warehouse.deliver('orders.csv', 'id,country\n1,CH\n2,AT\n3,CH\n4,\n');
    await warehouse.transform();
    expect(await ids(warehouse)).toEqual({ AT: 1, CH: 2 });
    await warehouse.deliver('orders_2026-11-21.csv', 'id,country\n5,AT\n6,BE\n');
    expect(await warehouse.transform()).toMatchObject([
      { model: 'country', whole: false, rowsInserted: 1 },
      { model: 'orders', whole: false, rowsInserted: 2 },
    ]);
    const after = { AT: 1, CH: 2, BE: 3 };
    expect(await ids(warehouse)).toEqual(after);
    expect(await warehouse.rows('select id, country_id from datawarehouse.orders order by id')).toEqual([
      ...[
        [1, 2],
        [2, 1],
        [3, 2],
        [4, null],
        [5, 1],
        [6, 3],
      ],
    ]);
    expect(
      await warehouse.rows(
        `select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint
          where contype = 'f' and connamespace = 'datawarehouse'::regnamespace`,
      ),
    ).toEqual([
      [
        'datawarehouse.orders',
        'FOREIGN KEY (country_id) REFERENCES datawarehouse.country(id) DEFERRABLE INITIALLY DEFERRED',
      ],
    ]);

    // Made from everything once more, or with the first delivery gone: the same numbers.
    await warehouse.transform(null, true);
    expect(await ids(warehouse)).toEqual(after);
    await warehouse.retract(first);
    await warehouse.transform();
    expect(await ids(warehouse)).toEqual(after);
    await warehouse.deliver('orders_2026-11-22.csv', 'id,country\n7,CH\n');
    await warehouse.transform();
    expect(await warehouse.rows('select country_id from datawarehouse.orders where id = 7')).toEqual([[2]]);
  });

  it('keeps its numbers when its statement, its type or what refers to it change', async () => {
    const warehouse = await Warehouse.create({ country: COUNTRY, orders: ORDER });
    await warehouse.deliver('orders.csv', 'id,country\n1,20\n2,10\n');
    await warehouse.transform();
    expect(await ids(warehouse)).toEqual({ 10: 1, 20: 2 });
    await warehouse.deliver('orders_2026-11-21.csv', 'id,country\n3,AT\n');
    await warehouse.transform();
    expect(await ids(warehouse)).toEqual({ 10: 1, 20: 2, AT: 3 });
    await warehouse.model(
      'country',
      "-- @dimension country\nselect upper(country) as country from {{ staging.orders }}\nunion all select 'ZZ'",
    );
    await warehouse.transform();
    expect(await ids(warehouse)).toEqual({ 10: 1, 20: 2, AT: 3, ZZ: 4 });
    expect(await warehouse.rows('select count(*) from datawarehouse.orders')).toEqual([[3]]);
    await warehouse.model('country', '-- @dimension staging.orders.id');
    expect((await warehouse.transform())[0]?.error?.message).toContain(
      'country.sql, line 1: its numbers belong to the column country',
    );
    expect(await ids(warehouse)).toEqual({ 10: 1, 20: 2, AT: 3, ZZ: 4 });
  });

  it('is filled once when two transforms work at the same time', async () => {
    const warehouse = await Warehouse.create({ country: COUNTRY, orders: ORDER });
    const records = (from: number) =>
      Array.from({ length: 500 }, (_, at) => `${from + at},c${(from + at * 7) % 900}\n`).join('');
    await warehouse.deliver('orders.csv', `id,country\n${records(0)}`);
    await Promise.all([warehouse.transform(), warehouse.transform(null, true), warehouse.transform()]);
    await warehouse.deliver('orders_2026-11-21.csv', `id,country\n${records(500)}`);
    await Promise.all([warehouse.transform(), warehouse.transform()]);
    expect(
      await warehouse.rows(
        `select count(*), count(distinct country), count(distinct id), max(id) from datawarehouse.country`,
      ),
    ).toEqual(
      await warehouse.rows('select n, n, n, n from (select count(distinct country) n from staging.orders) s'),
    );
    expect(
      await warehouse.rows(
        `select count(*) from datawarehouse.orders o join datawarehouse.country c on c.id = o.country_id
           join staging.orders s on s.id = o.id and s.country = c.country`,
      ),
    ).toEqual([[1000]]);
  });

  it('that is wrong is refused with file and line', async () => {
    const warehouse = await Warehouse.create();
    await warehouse.deliver('orders.csv', 'id,country\n1,CH\n');
    const cases: [string, string][] = [
      ['-- @dimension country', 'MODEL_INVALID: country.sql, line 1: there is no statement'],
      [
        '-- @dimension staging.nothing.country',
        'MODEL_REFERENCE_UNKNOWN: country.sql, line 1: staging.nothing',
      ],
      ['-- @materialized dimension\nselect 1', 'line 1: a dimension needs the option dimension'],
      [
        '-- @materialized table\n-- @dimension a\nselect 1 as a',
        'line 2: dimension means nothing to a table',
      ],
    ];
    for (const [text, expected] of cases) {
      await warehouse.model('country', text);
      const error: unknown = await warehouse.transform().catch((thrown: unknown) => thrown);
      expect(`${Reflect.get(error as object, 'code')}: ${(error as Error).message}`).toContain(expected);
    }
    await warehouse.model('country', '-- @dimension land\nselect country from {{ staging.orders }}');
    expect((await warehouse.transform())[0]?.error?.message).toBe(
      'country.sql, line 1: the statement gives no column land',
    );
  });
});
