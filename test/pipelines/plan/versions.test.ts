import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Contract, DatasetConfig } from '../../../src/config/define.ts';
import { Engine } from '../load/engine.ts';

const LABEL = /_(?<label>v\d+)$/;
const FILES = {
  users_v1: 'id,name\n1,a\n2,b\n',
  users_v2: 'id,name,manager\n3,c,1\n4,d,\n',
  users_v3: 'id,manager,name,level\n5,2,e,high\n',
} as const;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.open();
});
afterAll(() => engine.close());

let count = 0;
let name = '';
beforeEach(() => {
  name = `users${++count}`;
});

async function configure(contract: Partial<Contract>, more: Partial<DatasetConfig> = {}): Promise<void> {
  const columns = { id: 'integer', name: 'text', manager: 'integer', level: 'text' };
  await engine.reopen({}, [{ name, label: LABEL, columns, contract, ...more }]);
}

const load = (label: string, content: string) => engine.load(`${name}_${label}.csv`, content);

async function rowsOf(table: string, columns: string): Promise<unknown[]> {
  const sql = `select ${columns} from staging."${table}" order by id`;
  return (await engine.database.pool.query({ text: sql, rowMode: 'array' })).rows;
}

describe('labelled versions', () => {
  const orders = [
    ['users_v1', 'users_v2', 'users_v3'],
    ['users_v3', 'users_v2', 'users_v1'],
    ['users_v2', 'users_v1', 'users_v3'],
  ] as const;
  for (const order of orders) {
    for (const parent of ['common', 'widen'] as const) {
      test(`are the same in the order ${order.join(', ')}; parent: ${parent}`, async () => {
        await configure({ parent });
        for (const file of order) await load(file.slice(6), FILES[file]);
        expect(await rowsOf(`${name}__v1`, 'id, name')).toEqual([
          [1, 'a'],
          [2, 'b'],
        ]);
        expect(await rowsOf(`${name}__v2`, 'id, name, manager')).toEqual([
          [3, 'c', 1],
          [4, 'd', null],
        ]);
        expect(await rowsOf(`${name}__v3`, 'id, name, manager, level')).toEqual([[5, 'e', 2, 'high']]);
        const all = await engine.database.pool.query(`select * from staging."${name}__all" order by id`);
        expect(all.fields.map((field) => field.name)).toEqual([
          ...['_file_name', '_label', '_version', '_folder', '_run_id', '_row'],
          ...['id', 'name', 'manager', 'level'],
        ]);
        expect(all.rows.map(({ _run_id: _, ...row }) => Object.values(row))).toEqual([
          [`${name}_v1.csv`, 'v1', 1, null, 1, 1, 'a', null, null],
          [`${name}_v1.csv`, 'v1', 1, null, 2, 2, 'b', null, null],
          [`${name}_v2.csv`, 'v2', 2, null, 1, 3, 'c', 1, null],
          [`${name}_v2.csv`, 'v2', 2, null, 2, 4, 'd', null, null],
          [`${name}_v3.csv`, 'v3', 3, null, 1, 5, 'e', 2, 'high'],
        ]);
      });
    }
  }
});

describe('a version that changes a type and drops a column', () => {
  const CHANGED = 'id,manager\n9,none\n';

  async function change(contract: Partial<Contract>) {
    await configure(contract);
    await load('v1', 'id,name,manager\n1,a,7\n');
    await configure(contract, { columns: { id: 'integer', manager: 'text' } });
    return load('v4', CHANGED);
  }

  test('gets a column beside the other; everything else stays', async () => {
    expect(await change({ parent: 'common' })).toMatchObject({ status: 'published' });
    expect(await rowsOf(`${name}__v4`, 'id, name, manager, manager__text')).toEqual([
      [9, null, null, 'none'],
    ]);
    expect(await rowsOf(`${name}__all`, 'id, manager')).toEqual([
      [1, '7'],
      [9, 'none'],
    ]);
  });

  test('loses the column by contract, which is noted', async () => {
    const outcome = await change({ typeChange: 'discard' });
    expect(outcome).toMatchObject({ status: 'published' });
    expect(await rowsOf(`${name}__v4`, 'id, manager')).toEqual([[9, null]]);
    expect(
      await engine.value(`select columns_discarded from sluice.loads where run_id = ${outcome.runId}`),
    ).toEqual(['manager']);
  });

  for (const [contract, errorCode] of [
    [{ typeChange: 'freeze' }, 'TYPE_REFUSED'],
    [{ missingColumn: 'freeze' }, 'COLUMN_MISSING'],
  ] as const) {
    test(`is refused by ${JSON.stringify(contract)}`, async () => {
      expect(await change(contract)).toMatchObject({ status: 'failed', errorCode });
      expect(await engine.value(`select to_regclass('staging."${name}__v4"')`)).toBeNull();
    });
  }
});

describe('a table that is not there', () => {
  test('is refused', async () => {
    await configure({ newTable: 'freeze' });
    expect(await load('v1', FILES.users_v1)).toMatchObject({ status: 'failed', errorCode: 'TABLE_REFUSED' });
  });

  test('is not made, and the records are counted as skipped', async () => {
    await configure({ newTable: 'discard' });
    const outcome = await load('v1', FILES.users_v1);
    expect(outcome.loads).toMatchObject([{ recordsRead: 2, rowsLoaded: 0, rowsSkipped: 2 }]);
  });
});

test('labels that are spelt alike, and a dataset called like a version table, stay apart', async () => {
  await configure({}, { label: /_(?<label>[^_]+)$/ });
  const tables = [];
  for (const label of ['2.1', '2-1'])
    tables.push((await load(label, `id,name\n1,${label}\n`)).loads[0]?.versionTable);
  expect(new Set(tables).size).toBe(2);
  const twin = await engine.load(`${name}__2_1.csv`, 'id\n77\n');
  expect(twin).toMatchObject({ status: 'published' });
});

test('a label gives the version its number, whatever came before, in every folder that has its own', async () => {
  await configure({}, { folders: 'separate', label: /_(?<label>[^_]+)$/ });
  const labels = ['r7', 'v2.1', 'beta', 'v3', 'v1'];
  const orders = { in01: labels, in02: [...labels].reverse() };
  for (const [folder, order] of Object.entries(orders)) {
    for (const label of order)
      await engine.load(`imports/${folder}/${name}_${label}.csv`, `id,name\n1,${folder} ${label}\n`);
  }
  const rows = await engine.query<object>(
    `select _label, array_agg(_folder order by _folder) as folders, array_agg(distinct _version) as numbers
       from staging."${name}__all" where _label ~ '^[rv]' group by 1 order by 1`,
  );
  const numbers = Object.entries({ r7: 7, v1: 1, 'v2.1': 2, v3: 3 });
  const both = ['in01', 'in02'];
  expect(rows).toEqual(numbers.map(([_label, number]) => ({ _label, folders: both, numbers: [number] })));
});

test('a refused column is said to be new to the tables that lack it, not to the dataset', async () => {
  await configure({ parent: 'common' });
  await load('v1', FILES.users_v1);
  await load('v2', FILES.users_v2);
  await configure({ parent: 'common', newColumn: 'freeze' });
  const refused = async (label: string, content: string) => (await load(label, content)).errorMessage;
  expect(await refused('v1', FILES.users_v2.replace('4', '9'))).toContain(
    `column manager is new to staging.${name} and its version staging.${name}__v1 (other versions have it: staging.${name}__v2); the contract`,
  );
  expect(await refused('v9', FILES.users_v2.replace('c', 'x'))).toContain(
    `column manager is new to staging.${name} (other versions have it: staging.${name}__v2); the contract`,
  );
  expect(await refused('v8', FILES.users_v3.replace('manager', 'id2'))).toMatch(
    new RegExp(`column (id2|level) is new to staging.${name}; the contract`),
  );
});

test('folders share version tables, or each has its own', async () => {
  for (const folders of ['shared', 'separate'] as const) {
    await configure({ parent: 'common' }, { folders });
    const files = [
      ['in01', '20240105093000', 'id,name\n1,a\n'],
      ['in02', '20240105093000', 'id,name\n2,b\n'],
      ['in02', '20240106093000', 'name,id,level\nc,3,high\n'],
      ['in01', '20240107093000', 'level,name,id\nlow,d,4\n'],
    ] as const;
    const tables = [];
    for (const [folder, moment, content] of files) {
      const { loads } = await engine.load(`imports/${folder}/${moment}_${name}.csv`, content);
      tables.push(loads[0]?.versionTable?.replace(`staging.${name}__`, ''));
    }
    const own = ['v1__in01', 'v1__in02', 'v2__in02', 'v2__in01'];
    expect(tables).toEqual(folders === 'separate' ? own : ['v1', 'v1', 'v2', 'v2']);
    expect(await rowsOf(`${name}__all`, '_folder, id, name, level')).toEqual([
      ['in01', 1, 'a', null],
      ['in02', 2, 'b', null],
      ['in02', 3, 'c', 'high'],
      ['in01', 4, 'd', 'low'],
    ]);
    await engine.forget();
  }
});
