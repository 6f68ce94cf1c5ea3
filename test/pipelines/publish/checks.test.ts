import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { CheckConfig, DatasetConfig } from '../../../src/config/define.ts';
import { buildZip } from '../../formats/archive/build-zip.ts';
import { csvText } from '../../generated.ts';
import { Engine } from '../load/engine.ts';

let engine: Engine;
afterEach(() => engine.close());

async function open(checks: readonly CheckConfig[], rest: Partial<DatasetConfig> = {}): Promise<void> {
  engine = await Engine.open({ REJECT_LIMIT: 'none' }, [
    { name: 'orders', match: 'orders*.csv', checks, ...rest },
  ]);
}

function results(): Promise<Record<string, unknown>[]> {
  return engine.query(
    `select name, severity, status, rows_checked, rows_failing, message from sluice.checks where latest order by check_id`,
  );
}

const ORDERS =
  'Order ID,state,amount,country\n1,open,5,CH\n2,closed,50,CH\n2,lost,-1,XX\n4,,500,\n,open,7,CH\n';

const EVERY_KIND: readonly CheckConfig[] = [
  { check: 'not_null', columns: ['Order ID', 'state'] },
  { check: 'unique', columns: 'order_id' },
  { check: 'accepted_values', column: 'state', values: ['open', 'closed'] },
  { check: 'range', column: 'amount', min: 0, max: 100 },
  { check: 'foreign_key', column: 'country', references: 'warehouse.countries.code' },
  { check: 'row_count', min: 6 },
  { check: 'sql', name: 'cheap', sql: 'select * from {{ rows }} where amount < 6 -- {{ nothing }}' },
];

describe('checks before publish', () => {
  it('find the rows of each kind that fail, and with severity warn publish them all the same', async () => {
    await open(EVERY_KIND.map((check) => ({ ...check, severity: 'warn' })));
    await engine.query(
      "create table datawarehouse.countries (code text); insert into datawarehouse.countries values ('CH')",
    );
    const outcome = await engine.load('orders.csv', ORDERS);
    expect(outcome).toMatchObject({ status: 'published' });
    const found = await results();
    expect(found.map(({ name, rows_failing, message }) => [name, rows_failing, message])).toEqual([
      ['not_null_Order ID_state', 2, '2 of 5 rows'],
      ['unique_order_id', 2, '2 of 5 rows'],
      ['accepted_values_state', 1, '1 of 5 rows'],
      ['range_amount', 2, '2 of 5 rows'],
      ['foreign_key_country', 1, '1 of 5 rows'],
      ['row_count', null, '5 rows, fewer than 6'],
      ['cheap', 2, '2 of 5 rows'],
    ]);
    expect(new Set(found.map(({ status }) => status))).toEqual(new Set(['warned']));
    const failing = await engine.query<{ row: unknown }>(
      `select "row" from sluice.check_failures where name = 'unique_order_id' order by number`,
    );
    expect(failing).toMatchObject([{ row: { order_id: 2, _row: 2 } }, { row: { order_id: 2, _row: 3 } }]);
    const receipt = JSON.parse(
      await readFile(join(engine.root, 'exports/receipts', `orders.csv.${outcome.runId}.json`), 'utf8'),
    );
    expect(receipt.checks[1]).toEqual({
      ...{ dataset: 'orders', name: 'unique_order_id', severity: 'warn', status: 'warned' },
      ...{ rowsChecked: 5, rowsFailing: 2, message: '2 of 5 rows' },
    });

    // A later evaluation takes the place of the rows that are kept.
    await engine.load('orders2.csv', 'Order ID,state,amount,country\n9,open,5,CH\n');
    const kept = await engine.query('select distinct name, run_id from sluice.check_failures');
    expect(kept).toEqual([{ name: 'cheap', run_id: outcome.runId + 1 }]);
  });

  it('with severity fail stop the file unpublished, say why, and keep what fails', async () => {
    await open([{ check: 'unique', columns: 'id' }]);
    await engine.load('orders1.csv', 'id,name\n1,a\n');
    const failed = await engine.load('imports/orders2.csv', 'id,name\n2,b\n2,c\n3,d\n');
    expect(failed).toMatchObject({
      status: 'failed',
      errorCode: 'CHECK_FAILED',
      errorMessage: 'orders2.csv: orders does not pass its checks: unique_id: 2 of 3 rows',
    });
    expect(await engine.value('select count(*) from staging.orders')).toBe(1);
    expect(await engine.filesIn('imports')).toEqual(['failed/orders2.csv']);
    expect(await engine.value(`select array_agg("row"->>'name') from sluice.check_failures`)).toEqual([
      'b',
      'c',
    ]);
    expect(await results()).toMatchObject([{ status: 'failed', rows_checked: 3, rows_failing: 2 }]);
  });

  it('with severity hold wait for a decision: release publishes all the same, discard gives up', async () => {
    await open([{ check: 'range', column: 'id', max: 10, severity: 'hold' }]);
    expect(await engine.load('imports/orders.csv', 'id\n1\n')).toMatchObject({ errorMessage: null });
    const held = await engine.load('imports/orders.csv', 'id\n2\n99\n');
    expect(held).toMatchObject({ status: 'held', errorCode: 'CHECK_HELD' });
    expect(await engine.filesIn('imports/held')).toEqual(['orders.csv']);
    expect(await engine.value('select count(*) from staging.orders')).toBe(1);
    const released = await engine.release(held.runId, 'supersede');
    expect(released).toMatchObject({ status: 'published', checks: [{ status: 'warned' }] });
    // What is done about the earlier delivery of that name is the dataset's policy, not a part of this decision.
    expect(await engine.query('select id from staging.orders order by id')).toEqual([
      { id: 1 },
      { id: 2 },
      { id: 99 },
    ]);
  });

  it('a large load is checked in its segments', async () => {
    await open([
      { check: 'not_null', columns: 'id' },
      { check: 'unique', columns: 'id' },
    ]);
    const text = csvText(150_000);
    const [header = '', first = ''] = text.split('\n');
    expect(await engine.load('orders1.csv', text)).toMatchObject({ errorMessage: null });
    await engine.retract(1);
    const failed = await engine.load('orders2.csv', `${text}${first}\n`);
    expect(header).toMatch(/^id,/);
    expect(failed).toMatchObject({ status: 'failed', errorCode: 'CHECK_FAILED' });
    expect(failed.errorMessage).toContain('unique_id: 2 of 150,001 rows');
    expect(await engine.value('select count(*) from staging.orders')).toBe(0);
    expect(await engine.orphans()).toEqual([]);
  });

  it('unique compares with what stays published beside the delivery, or within it alone', async () => {
    const unique = { check: 'unique', columns: ['id', 'part'] } as const;
    await open([unique]);
    const { runId } = await engine.load('orders1.csv', 'id,part\n1,1\n2,1\n,3\n');
    expect(await engine.load('orders2.csv', 'id,part\n1,2\n3,1\n,3\n')).toMatchObject({ errorMessage: null });
    const failed = await engine.load('orders3.csv', 'id,part\n2,1\n4,1\n4,1\n');
    expect(failed.errorMessage).toContain(`unique_id_part: 3 of 3 rows; published already by run ${runId}`);
    expect(await engine.value('select count(*) from sluice.check_failures')).toBe(3);
    await engine.retract(runId);
    expect(await engine.load('orders4.csv', 'id,part\n2,1\n')).toMatchObject({ status: 'published' });

    await engine.reopen({}, [
      { name: 'orders', match: 'orders*.csv', checks: [{ ...unique, within: 'delivery' }] },
    ]);
    expect(await engine.load('orders5.csv', 'id,part\n2,1\n5,1\n')).toMatchObject({ status: 'published' });

    await engine.reopen({}, [
      { name: 'orders', match: 'orders*.csv', checks: [unique], disposition: 'replace' },
    ]);
    expect(await engine.load('orders6.csv', 'id,part\n5,1\n2,1\n')).toMatchObject({ status: 'published' });
    expect(await engine.value('select count(*) from staging.orders')).toBe(2);
  });

  it('unique holds between large loads that are checked at the same time, and when one replaces another', async () => {
    await open([{ check: 'unique', columns: 'id' }]);
    await engine.loadTogether([
      ['orders1.csv', csvText(150_000)],
      ['orders2.csv', csvText(150_001)],
    ]);
    const ended = await engine.query<{ status: string }>('select status from sluice.loads order by status');
    expect(ended).toEqual([{ status: 'failed' }, { status: 'published' }]);

    await engine.reopen({}, [
      {
        name: 'orders',
        match: 'orders*.csv',
        checks: [{ check: 'unique', columns: 'id' }],
        disposition: 'replace',
      },
    ]);
    expect(await engine.load('orders3.csv', csvText(149_999))).toMatchObject({ errorMessage: null });
    expect(await engine.orphans()).toEqual([]);
  });

  it('unique compares a large run that is loaded again with what came after it, which it does not replace', async () => {
    await open([]);
    const first = await engine.load('orders.csv', csvText(150_000));
    await engine.load('later/orders.csv', csvText(150_001, 2));
    await engine.reopen({}, [
      {
        name: 'orders',
        checks: [{ check: 'unique', columns: 'id' }],
        redelivery: { changed: 'supersede' },
      },
    ]);
    expect(await engine.replay(first.runId)).toMatchObject({
      errorMessage: expect.stringContaining('published already by run 2'),
    });
    expect(await engine.value('select count(*) from staging.orders')).toBe(300_001);
  });

  it('compare the number of rows with the delivery before, also where that is replaced', async () => {
    const check = { check: 'row_count', minRatio: 0.5, maxRatio: 2 } as const;
    await open([check], { disposition: 'replace' });
    expect(await engine.load('orders1.csv', 'id\n1\n2\n3\n4\n')).toMatchObject({ status: 'published' });
    expect(await engine.load('orders2.csv', 'id\n1\n')).toMatchObject({
      errorMessage: expect.stringContaining('row_count: 1 rows, less than 0.5 of 4 before'),
    });
    expect(await engine.load('orders3.csv', 'id\n1\n2\n')).toMatchObject({ status: 'published' });
    expect(await engine.load('orders4.csv', 'id\n1\n2\n3\n4\n5\n')).toMatchObject({
      errorMessage: expect.stringContaining('row_count: 5 rows, more than 2 times 2 before'),
    });
    expect(await engine.value('select count(*) from staging.orders')).toBe(2);
  });

  it('that cannot be evaluated do not hold, and say why', async () => {
    await open([
      { check: 'not_null', columns: 'missing', severity: 'warn' },
      { check: 'range', column: 'name', min: 5, severity: 'warn' },
      { check: 'sql', name: 'writes', sql: 'delete from {{ rows }} returning 1', severity: 'warn' },
      { check: 'sql', name: 'unknown', sql: 'select * from {{ row }}', severity: 'warn' },
      { check: 'not_null', columns: 'name' },
    ]);
    expect(await engine.load('orders.csv', 'id,name\n1,a\n')).toMatchObject({ status: 'published' });
    expect((await results()).map(({ status, message }) => [status, message])).toEqual([
      ['warned', 'there is no column missing'],
      ['warned', expect.stringContaining('operator does not exist: text < integer')],
      ['warned', expect.stringContaining('syntax error')],
      ['warned', expect.stringContaining('{{ row }} is not a reference')],
      ['passed', null],
    ]);
  });

  it('are about all that an archive brings into a dataset, and stop or hold it by its policy', async () => {
    const parts = buildZip([
      { name: 'orders_2026-11-20.csv', content: 'id,name\n1,a\n2,b\n' },
      { name: 'orders_2026-11-21.csv', content: 'id,name\n2,c\n' },
      { name: 'other.csv', content: 'id,name\n9,z\n' },
    ]);
    await open([{ check: 'unique', columns: 'id' }]);
    expect(await engine.load('all.zip', parts)).toMatchObject({
      status: 'failed',
      errorMessage: expect.stringContaining('unique_id: 2 of 3 rows'),
    });
    expect(await engine.value("select to_regclass('staging.other')")).toBeNull();

    await engine.reopen({}, [
      {
        name: 'orders',
        match: 'orders*.csv',
        archive: 'per-entry',
        checks: [{ check: 'unique', columns: 'id' }],
      },
    ]);
    const alone = await engine.load('imports/each.zip', parts);
    expect(alone.loads.map(({ entryName, status, errorCode }) => [entryName, status, errorCode])).toEqual(
      expect.arrayContaining([
        ['orders_2026-11-20.csv', 'failed', 'CHECK_FAILED'],
        ['orders_2026-11-21.csv', 'failed', 'CHECK_FAILED'],
        ['other.csv', 'published', null],
      ]),
    );
    expect(alone.checks).toMatchObject([{ name: 'unique_id', status: 'failed' }]);

    await engine.reopen({}, [
      {
        ...{ name: 'orders', match: 'orders*.csv', archive: 'per-entry' },
        checks: [{ check: 'unique', columns: 'id', severity: 'hold' }],
      },
    ]);
    const held = await engine.replay(alone.runId);
    expect(held).toMatchObject({ status: 'held', errorCode: 'CHECK_HELD' });
    expect(await engine.release(held.runId, 'supersede')).toMatchObject({ status: 'published' });
    expect(await engine.value('select count(*) from staging.orders')).toBe(3);
    expect(await engine.value('select count(*) from staging.other')).toBe(1);
  });

  it('many small files that wait together are checked each by itself', async () => {
    await open([{ check: 'unique', columns: 'id' }]);
    const files = Array.from({ length: 12 }, (_, at) => ({
      name: `orders${at}.csv`,
      content: at === 5 ? 'id\n7\n7\n' : `id\n${at}\n`,
    }));
    const outcomes = await engine.loadAll(files);
    expect(outcomes.filter(({ status }) => status === 'failed').map(({ file }) => file.name)).toEqual([
      'orders5.csv',
    ]);
    expect(await engine.value('select count(*) from staging.orders')).toBe(11);
  });
});
