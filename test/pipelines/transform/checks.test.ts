import { describe, expect, it } from 'vitest';
import { parseCheck } from '../../../src/pipelines/transform/parse-check.ts';
import { Warehouse } from './warehouse.ts';

const SELECT = 'select id, name, _run_id, _row from {{ staging.people }}';
const MATERIALIZATIONS: Readonly<Record<string, string>> = {
  table: '-- @materialized table\n-- @key id',
  incremental: '-- @materialized incremental',
  merge: '-- @materialized merge\n-- @key id',
  scd2: '-- @materialized scd2\n-- @key id',
};

describe('checks of models', () => {
  it.each(Object.entries(MATERIALIZATIONS))(
    'leave the state before of a model (%s) and of its group when one of severity fail does not hold',
    async (_, header) => {
      const warehouse = await Warehouse.create({
        person: `${header}\n-- @check accepted_values name: a, b\n${SELECT}`,
        shown: '-- @materialized table\nselect count(*) from {{ warehouse.person }}',
      });
      await warehouse.deliver('people.csv', 'id,name\n1,a\n');
      await warehouse.transform();
      await warehouse.deliver('people_2026-11-21.csv', 'id,name\n2,b\n3,z\n4,z\n');
      const failed = await warehouse.transform();
      expect(failed).toMatchObject([
        { model: 'person', status: 'failed', error: { code: 'MODEL_CHECK_FAILED' } },
        { model: 'shown', status: 'skipped' },
      ]);
      const line = header.split('\n').length + 1;
      expect(failed[0]?.error?.message).toBe(
        `model person (person.sql, line ${line}) does not pass its checks: accepted_values_name: 2 of 4 rows`,
      );
      expect(await warehouse.rows('select id, name from datawarehouse.person')).toEqual([[1, 'a']]);
      expect(await warehouse.rows('select * from datawarehouse.shown')).toEqual([[1]]);
      expect(
        await warehouse.rows(
          `select c.status, rows_failing, f."row"->>'id' from sluice.checks c
             join sluice.check_failures f using (subject, name) where latest order by f.number`,
        ),
      ).toEqual([
        ['failed', 2, '3'],
        ['failed', 2, '4'],
      ]);
      // What was wrong goes, and the model goes on as if nothing had been.
      const run = await warehouse.rows('select max(run_id) from sluice.run');
      await warehouse.retract(Number(run[0]?.[0]));
      await warehouse.deliver('people_2026-11-22.csv', 'id,name\n5,b\n');
      expect(await warehouse.transform()).toMatchObject([{ status: 'built' }, { status: 'built' }]);
      expect(await warehouse.rows('select id, name from datawarehouse.person order by id')).toEqual([
        [1, 'a'],
        [5, 'b'],
      ]);
    },
  );

  it('of severity hold keep a state back until it is released', async () => {
    const warehouse = await Warehouse.create({
      person: `-- @materialized table\n-- @check hold row_count 50% ..\n${SELECT}`,
    });
    const first = await warehouse.deliver('people.csv', 'id,name\n1,a\n2,b\n3,c\n');
    await warehouse.deliver('people_2026-11-21.csv', 'id,name\n4,d\n');
    await warehouse.transform();
    await warehouse.retract(first);
    const held = await warehouse.transform();
    expect(held[0]?.error?.message).toContain('is held by its checks: row_count: 1 rows, less than 0.5 of 4');
    expect(await warehouse.rows('select count(*) from datawarehouse.person')).toEqual([[4]]);
    const released = await warehouse.transform(['person'], false, true);
    expect(released).toMatchObject([{ status: 'built', warnings: [expect.stringContaining('row_count')] }]);
    expect(await warehouse.rows('select count(*) from datawarehouse.person')).toEqual([[1]]);
    // From then on this state is what the next is compared with.
    expect(await warehouse.transform()).toMatchObject([{ status: 'built', warnings: [] }]);
  });

  it('of severity warn are told, also of views, and change nothing', async () => {
    const warehouse = await Warehouse.create({
      shown: `-- @check warn not_null name\n-- @check warn sql named b: select * from {{ rows }} r join {{ staging.people }} p using (id) where r.name = 'b'\n${SELECT}`,
    });
    await warehouse.deliver('people.csv', 'id,name\n1,\n');
    expect(await warehouse.transform()).toMatchObject([
      { status: 'built', warnings: ['not_null_name: 1 of 1 rows'] },
    ]);
    await warehouse.deliver('people_2026-11-21.csv', 'id,name\n2,b\n');
    expect(await warehouse.transform()).toMatchObject([
      { warnings: ['not_null_name: 1 of 2 rows', 'named b: 1 of 2 rows'] },
    ]);
  });

  it('that are wrong are refused with file and line before anything is run', async () => {
    const warehouse = await Warehouse.create({});
    await warehouse.deliver('people.csv', 'id,name\n1,a\n');
    const cases: [string, string][] = [
      ['unique', 'MODEL_INVALID: person.sql, line 2: check.columns must be a column'],
      ['uniqe id', 'MODEL_INVALID: person.sql, line 2: check.check must be one of not_null'],
      ['range id', 'MODEL_INVALID: person.sql, line 2: this is not a check'],
      ['freshness by 08:00', 'MODEL_INVALID: person.sql, line 2: check.by is missing'],
      [
        'foreign_key id -> nobody.id',
        'MODEL_REFERENCE_UNKNOWN: person.sql, line 2: warehouse.nobody is unknown',
      ],
      ['sql a: select * from {{ rows }} join {{ staging.x }} using (id)', 'line 2: staging.x is unknown'],
      ['unique id\n-- @check warn unique id', 'line 3: another check is called unique_id'],
    ];
    for (const [check, expected] of cases) {
      await warehouse.model('person', `-- @materialized table\n-- @check ${check}\n${SELECT}`);
      const error: unknown = await warehouse.transform().catch((thrown: unknown) => thrown);
      expect(`${Reflect.get(error as object, 'code')}: ${(error as Error).message}`).toContain(expected);
    }
  });
});

describe('a check in a header', () => {
  it.each([
    ['not_null a, b', { check: 'not_null', columns: ['a', 'b'] }],
    ['hold unique id', { check: 'unique', columns: ['id'], severity: 'hold' }],
    ["accepted_values s: open, 'a b'", { check: 'accepted_values', column: 's', values: ['open', 'a b'] }],
    ['range n: 0 .. 9.5', { check: 'range', column: 'n', min: 0, max: 9.5 }],
    ['range d: 2020-01-01 ..', { check: 'range', column: 'd', min: '2020-01-01' }],
    [
      'foreign_key c -> countries.code',
      { check: 'foreign_key', column: 'c', references: 'warehouse.countries.code' },
    ],
    ['foreign_key c -> staging.x.code', { check: 'foreign_key', column: 'c', references: 'staging.x.code' }],
    ['row_count 1 .. 10', { check: 'row_count', min: 1, max: 10 }],
    ['warn row_count 50% .. 200%', { check: 'row_count', minRatio: 0.5, maxRatio: 2, severity: 'warn' }],
    ['sql n: select 1', { check: 'sql', name: 'n', sql: 'select 1' }],
  ])('%s', (text, expected) => {
    expect(JSON.parse(JSON.stringify(parseCheck(text)))).toEqual(expected);
  });
});
