import { expect, it } from 'vitest';
import type { SourceConfig } from '../../src/config/define.ts';
import { type ChosenTable, chooseTables } from '../../src/sources/choose-tables.ts';

const NAMES = ['Orders', 'customers', 'customers_tmp', 'odd[1]'];

function choose(tables: SourceConfig['tables'], wanted: string[] = []): Promise<ChosenTable[]> {
  const relations = [...NAMES.map((name) => ({ name, isTable: true })), { name: 'totals', isTable: false }];
  const source = { schema: 'public', relations: async () => relations };
  return chooseTables(source, { name: 'shop', ...(tables && { tables }) }, wanted);
}

async function namesOf(tables: SourceConfig['tables'], wanted?: string[]): Promise<string[]> {
  return (await choose(tables, wanted)).map(({ name }) => name);
}

it('a source gives every table but no view, unless it is named', async () => {
  expect(await namesOf(undefined)).toEqual(NAMES);
  expect(await namesOf(['*', 'totals'])).toEqual([...NAMES, 'totals']);
  expect(await namesOf(['!*_tmp', '!Orders'])).toEqual(['customers', 'odd[1]']);
  expect(await namesOf(['cust*', '!*_tmp', 'odd[1]'])).toEqual(['customers', 'odd[1]']);
});

it('a table or query of a source can have a dataset of its own', async () => {
  const query = 'select 1';
  expect(
    await choose([
      { name: 'Orders', dataset: 'sales' },
      { name: 'new', query },
    ]),
  ).toEqual([
    { name: 'Orders', selection: { relation: 'Orders' }, dataset: 'sales' },
    { name: 'new', selection: { query }, dataset: null },
  ]);
  expect(await choose(['*', { name: 'Orders', dataset: 'sales' }], ['Ord*'])).toMatchObject([
    { dataset: 'sales' },
  ]);
});

it('a table that a source does not have, or is not to give, is refused with what there is', async () => {
  const unknown = { code: 'SOURCE_TABLE_UNKNOWN', message: expect.stringContaining('Orders, customers') };
  await expect(choose(['orders'])).rejects.toMatchObject(unknown);
  await expect(choose([{ name: 'orders' }])).rejects.toMatchObject(unknown);
  await expect(choose(['Orders'], ['customers'])).rejects.toMatchObject(unknown);
  await expect(choose(['nothing*'])).rejects.toMatchObject(unknown);
  expect(await namesOf(['Orders', 'nothing*'])).toEqual(['Orders']);
});
