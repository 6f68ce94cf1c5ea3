import { describe, expect, it } from 'vitest';
import { Warehouse } from './warehouse.ts';

const HEAD = 'id,name,op\n';

describe('incremental', () => {
  const MODEL = '-- @materialized incremental\nselect id, name, _run_id from {{ staging.people }}';
  const ROWS = 'select id, name from datawarehouse.copy order by id, name';

  it('adds the rows of new runs, takes out those of retracted ones, and touches no other', async () => {
    const warehouse = await Warehouse.create({ copy: MODEL });
    const first = await warehouse.deliver('people.csv', `${HEAD}1,a,\n2,b,\n`);
    await warehouse.transform();
    const kept = await warehouse.rows('select ctid::text, xmin::text from datawarehouse.copy order by 1');
    await warehouse.deliver('people_2026-01-02.csv', `${HEAD}3,c,\n`);
    const [built] = await warehouse.transform();
    expect(built).toMatchObject({ status: 'built', whole: false, rowsInserted: 1, rowsDeleted: 0 });
    const now = await warehouse.rows('select ctid::text, xmin::text from datawarehouse.copy order by 1');
    expect(now.slice(0, 2)).toEqual(kept);
    await warehouse.retract(first);
    const [undone] = await warehouse.transform();
    expect(undone).toMatchObject({ whole: false, rowsInserted: 0, rowsDeleted: 2 });
    expect(await warehouse.rows(ROWS)).toEqual([[3, 'c']]);
  });
});

describe('merge', () => {
  const MODEL = `-- @materialized merge
-- @key id
-- @delete_when op = 'D'
select id, name, op, _run_id, _row from {{ staging.people }}`;
  const ROWS = 'select id, name from datawarehouse.person order by id';

  it('keeps the latest delivery of a key, follows late and retracted ones, and deletes on request', async () => {
    const warehouse = await Warehouse.create({ person: MODEL });
    await warehouse.deliver('people_2026-01-01.csv', `${HEAD}1,a,I\n2,b,I\n3,c,I\n`);
    await warehouse.transform();
    const second = await warehouse.deliver('people_2026-01-03.csv', `${HEAD}2,B,U\n3,c,D\n4,d,I\n4,dd,U\n`);
    const [built] = await warehouse.transform();
    expect(built).toMatchObject({ whole: false, rowsInserted: 1, rowsUpdated: 1, rowsDeleted: 1 });
    expect(await warehouse.rows(ROWS)).toEqual([
      [1, 'a'],
      [2, 'B'],
      [4, 'dd'],
    ]);
    await warehouse.deliver('people_2026-01-02.csv', `${HEAD}1,late,U\n2,late,U\n3,late,U\n`);
    await warehouse.transform();
    expect(await warehouse.rows(ROWS)).toEqual([
      [1, 'late'],
      [2, 'B'],
      [4, 'dd'],
    ]);
    await warehouse.retract(second);
    const [undone] = await warehouse.transform();
    expect(undone).toMatchObject({ whole: false });
    const incremental = await warehouse.rows(ROWS);
    expect(incremental).toEqual([
      [1, 'late'],
      [2, 'late'],
      [3, 'late'],
    ]);
    await warehouse.transform(null, true);
    expect(await warehouse.rows(ROWS)).toEqual(incremental);
  });

  it('keeps the latest delivery also when the clock was set back before it was published', async () => {
    const warehouse = await Warehouse.create({ person: MODEL });
    await warehouse.deliver('people.csv', `${HEAD}1,a,I\n2,a,I\n`);
    await warehouse.transform();
    const incremental: unknown[] = [];
    for (const name of ['b', 'c']) {
      const run = await warehouse.deliver('people.csv', `${HEAD}1,${name},U\n`);
      await warehouse.rows(
        `update sluice.run set finished_at = finished_at - run_id * interval '1 hour' where run_id = ${run}`,
      );
      await warehouse.transform();
      incremental.push(...(await warehouse.rows(ROWS)));
    }
    expect(incremental).toEqual([
      [1, 'b'],
      [2, 'a'],
      [1, 'c'],
      [2, 'a'],
    ]);
    await warehouse.transform(null, true);
    expect(await warehouse.rows(ROWS)).toEqual(incremental.slice(2));
  });

  it('takes what is loaded again for as old as its first delivery', async () => {
    const warehouse = await Warehouse.create({ person: MODEL });
    const first = await warehouse.deliver('people.csv', `${HEAD}1,old,I\n2,b,I\n`);
    await warehouse.deliver('again/people.csv', `${HEAD}1,new,U\n`);
    await warehouse.transform();
    await warehouse.replay(first);
    await warehouse.transform();
    const latest = [
      [1, 'new'],
      [2, 'b'],
    ];
    expect(await warehouse.rows(ROWS)).toEqual(latest);
    expect(
      await warehouse.rows("select count(*) from staging.people where name = 'old' and _run_id > 2"),
    ).toEqual([[1]]);
    await warehouse.transform(null, true);
    expect(await warehouse.rows(ROWS)).toEqual(latest);
  });

  it('by row hash takes equal rows of several deliveries for one', async () => {
    const warehouse = await Warehouse.create({
      event:
        '-- @materialized merge\n-- @row_hash event_id\nselect id, name, _run_id, _row from {{ staging.people }}',
    });
    await warehouse.deliver('people_2026-01-01.csv', `${HEAD}1,a,x\n2,b,x\n`);
    await warehouse.transform();
    const ids = await warehouse.rows('select event_id from datawarehouse.event order by id');
    const second = await warehouse.deliver('people_2026-01-02.csv', `${HEAD}1,a,y\n3,c,y\n`);
    await warehouse.transform();
    const rows = 'select event_id from datawarehouse.event order by id';
    expect(await warehouse.rows(rows)).toEqual([...ids, [expect.any(String)]]);
    await warehouse.retract(second);
    await warehouse.transform();
    expect(await warehouse.rows(rows)).toEqual(ids);
  });
});

describe('scd2', () => {
  const MODEL = `-- @materialized scd2
-- @key id
-- @delete_when op = 'D'
select id, name, op, _run_id, _row from {{ staging.people }}`;
  const ROWS = `select id, name, valid_from::date::text, valid_to::date::text from datawarehouse.person_history
                 order by id, valid_from`;

  it('keeps each state with the time in which it held, also when deliveries come late or go', async () => {
    const warehouse = await Warehouse.create({ person_history: MODEL });
    await warehouse.deliver('people_2026-01-01.csv', `${HEAD}1,a,x\n2,b,x\n`);
    await warehouse.transform();
    await warehouse.deliver('people_2026-01-03.csv', `${HEAD}1,a,x\n2,B,x\n`);
    await warehouse.deliver('people_2026-01-05.csv', `${HEAD}1,,D\n2,B,x\n`);
    expect(await warehouse.transform()).toMatchObject([{ whole: false }]);
    expect(await warehouse.rows(ROWS)).toEqual([
      [1, 'a', '2026-01-01', '2026-01-05'],
      [2, 'b', '2026-01-01', '2026-01-03'],
      [2, 'B', '2026-01-03', null],
    ]);
    const late = await warehouse.deliver('people_2026-01-02.csv', `${HEAD}1,z,x\n`);
    await warehouse.transform();
    expect((await warehouse.rows(ROWS)).slice(0, 3)).toEqual([
      [1, 'a', '2026-01-01', '2026-01-02'],
      [1, 'z', '2026-01-02', '2026-01-03'],
      [1, 'a', '2026-01-03', '2026-01-05'],
    ]);
    await warehouse.retract(late);
    await warehouse.transform();
    const incremental = await warehouse.rows(ROWS);
    expect(incremental[0]).toEqual([1, 'a', '2026-01-01', '2026-01-05']);
    await warehouse.transform(null, true);
    expect(await warehouse.rows(ROWS)).toEqual(incremental);
  });
});

describe('table', () => {
  it('changes only rows that differ, and views of others that read it stay', async () => {
    const warehouse = await Warehouse.create({
      total:
        '-- @materialized table\nselect name, count(*) as people from {{ staging.people }} group by name',
    });
    await warehouse.deliver('people.csv', `${HEAD}1,a,x\n2,b,x\n`);
    await warehouse.transform();
    await warehouse.rows('create view public.mine as select * from datawarehouse.total');
    await warehouse.deliver('people_2026-01-02.csv', `${HEAD}3,b,x\n4,c,x\n`);
    expect(await warehouse.transform()).toMatchObject([{ rowsInserted: 2, rowsDeleted: 1 }]);
    const rows = 'select * from public.mine order by name';
    const seen = [
      ['a', 1],
      ['b', 2],
      ['c', 1],
    ];
    expect(await warehouse.rows(rows)).toEqual(seen);

    await warehouse.model(
      'total',
      '-- @materialized table\nselect name, count(*)::int as people from {{ staging.people }} group by name',
    );
    expect(await warehouse.transform()).toMatchObject([
      { status: 'failed', error: { code: 'MODEL_IN_USE' } },
    ]);
    expect(await warehouse.rows(rows)).toEqual(seen);
  });

  it('with other columns is made anew, and with it our views and the rights of readers', async () => {
    const warehouse = await Warehouse.create({
      total: '-- @materialized table\n-- @key name\nselect name from {{ staging.people }} group by name',
      shown: 'select * from {{ warehouse.total }}',
    });
    await warehouse.deliver('people.csv', `${HEAD}1,a,x\n`);
    await warehouse.transform();
    await warehouse.rows('grant select on datawarehouse.total, datawarehouse.shown to public');
    await warehouse.model(
      'total',
      '-- @materialized table\n-- @key name\nselect name, count(*) as n from {{ staging.people }} group by name',
    );
    await warehouse.transform(['total']);
    expect(await warehouse.rows('select * from datawarehouse.shown')).toEqual([['a', 1]]);
    expect(
      await warehouse.rows(
        `select relname, relacl::text like '%=r/%' from pg_class where relname in ('total', 'shown') order by 1`,
      ),
    ).toEqual([
      ['shown', true],
      ['total', true],
    ]);
  });
});
