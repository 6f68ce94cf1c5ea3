import { describe, expect, it } from 'vitest';
import { hasCode } from '../../../src/errors.ts';
import { Warehouse } from './warehouse.ts';

async function refusal(warehouse: Warehouse): Promise<string> {
  const error: unknown = await warehouse.transform().catch((thrown: unknown) => thrown);
  return error instanceof Error ? `${Reflect.get(error, 'code')}: ${error.message}` : 'nothing was refused';
}

describe('models that are wrong', () => {
  it('are refused with file and line before anything is run', async () => {
    const good = '-- @materialized table\nselect id from {{ staging.people }}';
    const warehouse = await Warehouse.create({ good });
    await warehouse.deliver('people.csv', 'id,name\n1,a\n');
    const cases: [string, string, string][] = [
      [
        'bad',
        'select *\nfrom {{ staging.peple }}',
        'MODEL_REFERENCE_UNKNOWN: bad.sql, line 2: staging.peple is unknown',
      ],
      [
        'bad',
        '\n\nselect * from {{ warehouse.nothing }}',
        'MODEL_REFERENCE_UNKNOWN: bad.sql, line 3: warehouse.nothing',
      ],
      ['bad', 'select 1\nfrom {{ warehouse.bad }}', 'MODEL_CYCLE: bad.sql, line 2'],
      [
        'bad',
        '-- @materialised table\nselect 1',
        'MODEL_INVALID: bad.sql, line 1: @materialised is not an option',
      ],
      [
        'bad',
        '-- @materialized merge\nselect * from {{ staging.people }}',
        'MODEL_INVALID: bad.sql, line 1: merge needs',
      ],
      ['bad', "select ';' -- ;\n, 1;\nselect 2", 'MODEL_INVALID: bad.sql, line 2: a model is one SELECT'],
      ['bad', "select 'open", 'MODEL_INVALID: bad.sql, line 1: a quote or comment is never closed'],
      ['bad', '-- @schedule sometimes\nselect 1', 'MODEL_INVALID: bad.sql, line 1: sometimes is neither'],
    ];
    for (const [name, text, expected] of cases) {
      await warehouse.model(name, text);
      expect(await refusal(warehouse)).toContain(expected);
    }
    await warehouse.model('bad', 'select 1 as one from {{ warehouse.other }}');
    await warehouse.model('other', 'select one\nfrom\n{{ warehouse.bad }}');
    expect(await refusal(warehouse)).toMatch(
      /MODEL_CYCLE: .*bad -> other -> bad|MODEL_CYCLE: .*other -> bad -> other/,
    );
    expect(await warehouse.rows("select to_regclass('datawarehouse.good')")).toEqual([[null]]);
  });

  it('fail with the line of a fault in the statement, and the state before stands', async () => {
    const sound = '-- @materialized table\n-- @key id\nselect id, 1 as n from {{ staging.people }}';
    const warehouse = await Warehouse.create({
      person: sound,
      shown: 'select * from {{ warehouse.person }}',
    });
    await warehouse.deliver('people.csv', 'id,name\n1,ä\n');
    await warehouse.transform();
    await warehouse.model(
      'person',
      '-- @materialized table\n-- @key id\n\nselect\n  id, -- ä\n  1 as n,\n  nmae\nfrom {{ staging.people }}',
    );
    const failed = await warehouse.transform();
    const error = failed.find(({ model }) => model === 'person')?.error;
    expect(hasCode(error, 'MODEL_FAILED')).toBe(true);
    expect(error?.message).toContain(
      'model person (person.sql, line 7), its statement: column "nmae" does not exist',
    );
    expect(failed.find(({ model }) => model === 'shown')).toMatchObject({ status: 'skipped' });
    expect(await warehouse.rows('select * from datawarehouse.shown')).toEqual([[1, 1]]);
    expect(
      await warehouse.rows("select status, error_code from sluice.models where name = 'person'"),
    ).toEqual([['failed', 'MODEL_FAILED']]);
  });

  it('cannot write', async () => {
    const warehouse = await Warehouse.create({
      thief:
        '-- @materialized table\nwith gone as (delete from {{ staging.people }} returning id) select * from gone',
    });
    await warehouse.deliver('people.csv', 'id,name\n1,a\n');
    expect(await warehouse.transform()).toMatchObject([{ status: 'failed' }]);
    expect(await warehouse.rows('select count(*) from staging.people')).toEqual([[1]]);
  });

  it('do not keep models that have nothing to do with them', async () => {
    const warehouse = await Warehouse.create({
      bad: '-- @materialized table\nselect 1 / 0 as n from {{ staging.people }}',
      good: '-- @materialized table\nselect id from {{ staging.people }}',
    });
    await warehouse.deliver('people.csv', 'id,name\n1,a\n');
    expect(await warehouse.transform()).toMatchObject([
      { model: 'bad', status: 'failed' },
      { model: 'good', status: 'built' },
    ]);
  });

  it('are not put in the place of what others made', async () => {
    const warehouse = await Warehouse.create({ mine: 'select 1 as one' });
    await warehouse.rows('create table datawarehouse.mine (id int)');
    expect(await warehouse.transform()).toMatchObject([
      { status: 'failed', error: { code: 'MODEL_NOT_OURS' } },
    ]);
  });
});
