import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { DatasetConfig } from '../../../src/config/define.ts';
import { onServer } from '../../database.ts';
import { buildZip } from '../../formats/archive/build-zip.ts';
import { Engine } from '../load/engine.ts';

const READER = `sluice_test_reader_${process.pid}`;

let engine: Engine;
beforeAll(async () => {
  await onServer((client) => client.query(`create role ${READER}`));
  engine = await Engine.open();
});
afterAll(async () => {
  await engine.close();
  await onServer((client) => client.query(`drop role ${READER}`));
});
beforeEach(() => engine.forget());

/** A dump of one table `t`, whose rows tell their columns' names and types. */
function dumpOf(types: Readonly<Record<string, string>>, row: readonly string[]): Buffer {
  const described = Object.entries(types).map(([column_name, column_type]) => ({ column_name, column_type }));
  return buildZip([
    { name: 't.json', content: JSON.stringify(described) },
    { name: 't.dat', content: `${Object.keys(types).join('|')}\n${row.join('|')}\n` },
  ]);
}

const V1 = dumpOf({ id: 'integer', early: 'text' }, ['1', 'a']);
const V2 = dumpOf({ id: 'integer', middle: 'text' }, ['2', 'b']);
const V3 = dumpOf({ id: 'integer', late: 'text' }, ['3', 'c']);

async function load(label: string, content: Buffer): Promise<void> {
  const outcome = await engine.load(`app_${label}.zip`, content);
  expect(outcome, outcome.errorMessage ?? '').toMatchObject({ status: 'published' });
}

async function fileColumns(): Promise<string[]> {
  const { fields } = await engine.database.pool.query('select * from staging.app_t__all limit 0');
  return fields.map(({ name }) => name).filter((name) => !name.startsWith('_'));
}

const READER_SEES = `
  select has_table_privilege($1, 'staging.app_t__all', 'select') as "all",
         has_column_privilege($1, 'staging.app_t__all', 'id', 'update') as "id",
         (select reloptions from pg_class where oid = 'staging.app_t__all'::regclass) as options`;

test('a view that nobody reads is made anew in the order of the versions, and rights on it stay', async () => {
  await load('v3', V3);
  await engine.query(`grant select on staging.app_t__all to ${READER}`);
  await engine.query(`grant update (id) on staging.app_t__all to ${READER}`);
  await engine.query('alter view staging.app_t__all set (security_invoker = true)');
  await load('v1', V1);
  await load('v2', V2);
  expect(await fileColumns()).toEqual(['id', 'early', 'middle', 'late']);
  expect(await engine.query(READER_SEES, [READER])).toEqual([
    { all: true, id: true, options: ['security_invoker=true'] },
  ]);
});

test('a view with a comment of somebody else is kept current, and the comment stays', async () => {
  await load('v1', V1);
  await engine.query("comment on view staging.app_t__all is 'people by version'");
  await load('v3', V3);
  expect(await fileColumns()).toEqual(['id', 'early', 'late']);
  await engine.query('comment on view staging.app_t__all is null');
  await load('v2', V2);
  expect(await fileColumns()).toEqual(['id', 'early', 'middle', 'late']);
  expect(await engine.query('select count(*)::int as rows from staging.app_t__all')).toEqual([{ rows: 3 }]);
  await engine.query("comment on view staging.app_t__all is 'people by version'");
  await load('v4', dumpOf({ id: 'integer', later: 'text' }, ['4', 'd']));
  expect(await engine.query("select obj_description('staging.app_t__all'::regclass) as comment")).toEqual([
    { comment: 'made by Sluice: people by version' },
  ]);
});

test('a view that others read stays, with its rights, and gains columns at its end', async () => {
  await load('v3', V3);
  await engine.query(`grant select on staging.app_t__all to ${READER}`);
  await engine.query('create view staging.mine as select id, late from staging.app_t__all');
  await load('v1', V1);
  await load('v2', V2);
  expect(await fileColumns()).toEqual(['id', 'late', 'early', 'middle']);
  expect(await engine.query('select id, late from staging.mine order by id')).toEqual([
    { id: 1, late: null },
    { id: 2, late: null },
    { id: 3, late: 'c' },
  ]);
  expect(await engine.query(READER_SEES, [READER])).toMatchObject([{ all: true }]);
  await engine.query('drop view staging.mine');
});

test('a column that others read and that has become too narrow keeps what fits; one beside it shows all', async () => {
  const widen: DatasetConfig = { name: 'app_t', source: 'postgres', contract: { typeChange: 'widen' } };
  await engine.reopen({}, [widen]);
  await load('v1', dumpOf({ id: 'integer', code: 'varchar(3)', day: 'date' }, ['1', 'abc', '2026-01-02']));
  await engine.query('create view staging.mine as select id, code, day from staging.app_t__all');
  await load(
    'v2',
    dumpOf({ id: 'bigint', code: 'varchar(9)', day: 'timestamp' }, [
      '5000000000',
      'abcde',
      '2026-01-02 03:00',
    ]),
  );
  await load('v3', dumpOf({ id: 'numeric(20,2)', code: 'text' }, ['7.5', 'abcdefghijk']));
  expect(await engine.query('select id, code, day::text from staging.mine order by code')).toEqual([
    { id: 1, code: 'abc', day: '2026-01-02' },
    { id: null, code: null, day: null },
    { id: null, code: null, day: null },
  ]);
  expect(
    await engine.query(
      `select id__bigint::text, id__numeric_21_2::text, code__varchar_9, code__text, day__timestamp::text
         from staging.app_t__all order by _label`,
    ),
  ).toEqual([
    {
      ...{ id__bigint: '1', id__numeric_21_2: '1.00', code__varchar_9: 'abc', code__text: 'abc' },
      day__timestamp: '2026-01-02 00:00:00',
    },
    {
      ...{ id__bigint: '5000000000', id__numeric_21_2: '5000000000.00', code__varchar_9: 'abcde' },
      ...{ code__text: 'abcde', day__timestamp: '2026-01-02 03:00:00' },
    },
    {
      ...{ id__bigint: null, id__numeric_21_2: '7.50', code__varchar_9: null, code__text: 'abcdefghijk' },
      day__timestamp: null,
    },
  ]);
  await engine.query('drop view staging.mine');
  await engine.reopen();
});

test('a view on the parent that stands in the way of a wider type is named, and the file is kept', async () => {
  await engine.load('days.csv', 'id,n\n1,5\n');
  await engine.query('create view staging.mine as select n from staging.days');
  const blocked = await engine.load('imports/days_2026-01-02.csv', 'id,n\n2,x\n');
  expect(blocked).toMatchObject({ status: 'failed', errorCode: 'TYPE_CHANGE_BLOCKED' });
  expect(blocked.errorMessage).toContain('view staging.mine');
  expect(await engine.filesIn('imports')).toEqual(['failed/days_2026-01-02.csv']);
  await engine.query('drop view staging.mine');
  expect(await engine.replay(blocked.runId)).toMatchObject({ status: 'published' });
  expect(await engine.query('select n from staging.days order by id')).toEqual([{ n: '5' }, { n: 'x' }]);
});
