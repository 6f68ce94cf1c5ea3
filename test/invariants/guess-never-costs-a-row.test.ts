import { expect, it } from 'vitest';
import { csvRecords, csvText } from '../generated.ts';
import { Service } from '../service.ts';

it.each([
  ['a file looked at in part has values that Postgres refuses', 45_000, 'no. ', 'n/a'],
  ['a file of several blocks has values that Postgres refuses', 160_000, 'no. ', 'n/a'],
  // Postgres would take these, and keep something else than what stands in the file.
  ['a file of several blocks has values that Postgres would change', 160_000, '00', '1e5'],
] as const)('I5 a guess never costs a row: %s, far from the sample', async (_kind, rows, prefix, amount) => {
  const service = await Service.create();
  const odd = Math.round(rows * 0.52);
  const before = csvText(odd - 1);
  const after = csvRecords(odd + 2, rows - odd - 1);
  await service.write('orders.csv', `${before}${odd},x,${amount}\n${prefix}${odd + 1},y,1\n${after}`);
  const ended = await service.run(['load', '--json', 'orders.csv']);
  expect(ended.code).toBe(0);
  expect(JSON.parse(ended.stdout).files[0].loads).toMatchObject([{ recordsRead: rows, rowsLoaded: rows }]);
  const columns = await service.query<{ type: string }>(
    `select format_type(atttypid, null) as type from pg_attribute
      where attrelid = 'staging.orders'::regclass and attname in ('id', 'amount') order by attnum`,
  );
  expect(columns.map(({ type }) => type)).toEqual(['text', 'text']);
  expect(
    await service.query(
      `select id, amount, _row from staging.orders where _row in (1, ${odd}, ${odd + 1}) order by _row`,
    ),
  ).toEqual([
    { id: '1', amount: '1.25', _row: 1 },
    { id: `${odd}`, amount, _row: odd },
    { id: `${prefix}${odd + 1}`, amount: '1', _row: odd + 1 },
  ]);
  const check =
    'select count(*) as rows, count(distinct _row) as numbers, max(_row) as last from staging.orders';
  expect(await service.query(check)).toEqual([{ rows, numbers: rows, last: rows }]);
  expect(await service.orphanSegments()).toEqual([]);
});
