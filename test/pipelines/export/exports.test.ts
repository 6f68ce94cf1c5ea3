import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { Service } from '../../service.ts';

// Several processes each, perhaps on a busy machine.
vi.setConfig({ testTimeout: 300_000 });

const CONFIG = `import { defineConfig, defineExport } from 'sluice';
export default defineConfig({
  exports: [
    defineExport({ name: 'broken', query: 'select 1 / 0 as n', after: 'publish' }),
    defineExport({ name: 'both', query: 'select 1 from public.cheap c join datawarehouse.large l on l.id = c.id', file: '{name}.csv' }),
    defineExport({ name: 'twice', query: 'select 1) as x; commit; drop table staging.orders; --', file: '{name}.csv' }),
    defineExport({ name: 'orders', from: 'staging.orders', after: 'publish', file: '{name}.csv' }),
    defineExport({ name: 'large', after: 'transform', file: '{name}.csv' }),
    defineExport({ name: 'clock', query: 'select 1 as one', schedule: '* * * * * *', file: '{name}.csv' }),
  ],
});
`;

/** In half a year at the soonest, from whenever. */
const YEARLY = `'0 0 1 ${((new Date().getMonth() + 6) % 12) + 1} *'`;

const MODEL = `-- @materialized table
select id, price from {{ staging.orders }} where price > 5`;

it('exports follow what is published, transformed and taken back, and the clock; a failing one disturbs nothing', async () => {
  const service = await Service.create();
  await service.write('sluice.config.ts', CONFIG);
  await mkdir(join(service.root, 'warehouse'));
  await writeFile(join(service.root, 'warehouse', 'large.sql'), MODEL);
  const content = (name: string) => readFile(join(service.exports, name), 'utf8').catch(() => null);
  const written = () =>
    service.query<{ name: string; status: string; rows: number; error: string | null }>(
      `select name, status, rows, error_code as error from sluice.exports
        where name <> 'clock' order by export_run_id`,
    );

  const running = await service.start();
  await service.drop('orders.csv', 'id,price\n1,5\n2,7\n');
  await vi.waitFor(
    async () => {
      expect(await content('orders.csv')).toMatch(/^id,price,_run_id,_row\n1,5,\d+,1\n2,7,\d+,2\n$/);
      expect(await content('large.csv')).toBe('id,price\n2,7\n');
      expect(await content('clock.csv')).toBe('one\n1\n');
    },
    { timeout: 60_000, interval: 100 },
  );
  await running.stop();
  expect(running.output).toContain('EXPORT_FAILED: export broken: division by zero');
  expect(running.output).toContain('exported orders: 2 rows');
  expect(await service.statuses()).toEqual([{ name: 'orders.csv', status: 'published', error: null }]);
  const first = [
    { name: 'broken', status: 'failed', rows: null, error: 'EXPORT_FAILED' },
    { name: 'orders', status: 'written', rows: 2, error: null },
    { name: 'large', status: 'written', rows: 1, error: null },
  ];
  expect((await written()).filter(({ name }) => name !== 'broken')).toEqual(first.slice(1));
  expect((await written())[0]).toEqual(first[0]);

  // The row that comes changes the dataset, and not the model.
  await service.drop('orders_2026-01-02.csv', 'id,price\n3,1\n');
  await service.run(['load', join(service.imports, 'orders_2026-01-02.csv')]);
  expect((await content('orders.csv'))?.split('\n')).toHaveLength(5);
  const names = async () =>
    (await written()).filter(({ status }) => status === 'written').map(({ name }) => name);
  expect(await names()).toEqual(['orders', 'large', 'orders']);

  const lineage = async (name: string) => {
    const steps: Record<string, unknown>[] = JSON.parse(
      (await service.run(['lineage', name, '--json'])).stdout,
    );
    return steps.map(({ direction, kind, name: what }) => `${direction} ${kind} ${what}`);
  };
  expect(await lineage('large')).toEqual([
    'fed by file orders.csv',
    'fed by file orders_2026-01-02.csv',
    `feeds export large -> ${join(service.exports, 'large.csv')}`,
  ]);
  expect((await lineage('orders.csv')).sort()).toEqual([
    'feeds dataset staging.orders__v1',
    `feeds export large -> ${join(service.exports, 'large.csv')}`,
    `feeds export orders -> ${join(service.exports, 'orders.csv')}`,
    'feeds model datawarehouse.large',
  ]);

  await service.query(
    'create view public.cheap as select id, id as "ID" from staging.orders where price < 9',
  );
  await service.run(['export', 'both']);
  expect(await lineage('both')).toEqual([
    'fed by dataset staging.orders',
    'fed by model datawarehouse.large',
    'fed by table public.cheap',
  ]);
  const both = `feeds export both -> ${join(service.exports, 'both.csv')}`;
  expect(await lineage('large')).toContain(both);
  expect(await lineage('orders.csv')).toContain(both);
  expect((await service.run(['export', 'twice'])).stderr).toContain('EXPORT_FAILED');
  await service.query('drop view public.cheap');

  expect((await service.run(['retract', '1'])).code).toBe(0);
  expect((await content('orders.csv'))?.split('\n')).toHaveLength(3);
  expect(await content('large.csv')).toBe('id,price\n');
  expect(await names()).toEqual(['orders', 'large', 'orders', 'both', 'orders', 'large']);
});

it('an export that was due when the process ended is written after the next start, and no other', async () => {
  const service = await Service.create();
  await service.drop('orders.csv', 'id,price\n1,5\n');
  await service.run(['once']);
  await service.write('sluice.config.ts', CONFIG.replace("'* * * * * *'", YEARLY).replace('1 / 0', '1'));
  for (const _ of [1, 2]) {
    const running = await service.start();
    await vi.waitFor(
      async () =>
        expect(await service.value("select count(*) from sluice.exports where status = 'written'")).toBe(2),
      { timeout: 60_000, interval: 100 },
    );
    await running.stop();
  }
  const changed = [
    { name: 'broken', trigger: 'change' },
    { name: 'orders', trigger: 'change' },
  ];
  expect(await service.query('select name, trigger from sluice.exports order by 1')).toEqual(changed);

  // Several times of the schedules have passed; they are made up for once.
  await service.write(
    'warehouse/rare.sql',
    `-- @materialized table\n-- @schedule ${YEARLY.slice(1, -1)}\nselect 1 as one`,
  );
  await service.run(['transform', 'rare']);
  await service.query(
    "update sluice.export set created_at = now() - interval '3 years' where name = 'clock'",
  );
  await service.query("update sluice.model_run set started_at = now() - interval '3 years'");
  for (const _ of [1, 2]) {
    const running = await service.start();
    await vi.waitFor(
      async () => {
        expect(await service.value("select count(*) from sluice.exports where name = 'clock'")).toBe(1);
        expect(await service.value('select count(*) from sluice.model_run')).toBe(2);
      },
      { timeout: 60_000, interval: 100 },
    );
    await running.stop();
  }
  expect(await service.query("select trigger from sluice.exports where name = 'clock'")).toEqual([
    { trigger: 'schedule' },
  ]);
  expect(await service.query('select trigger from sluice.model_run order by 1')).toEqual([
    { trigger: 'command' },
    { trigger: 'schedule' },
  ]);
});

it('sluice export tries again when a table was attached while it read', async () => {
  const service = await Service.create();
  await service.query('create table public.parent (n int); insert into public.parent values (1)');
  await service.query('create table public.child (n int); insert into public.child values (2)');
  const query = 'select n from public.parent, pg_sleep(3)';
  const running = service.spawn(['export', '--query', query, '--file', 'n.csv']);
  const sleeping =
    "select count(*) from pg_stat_activity where query like 'COPY%' and wait_event = 'PgSleep' and datname = current_database()";
  await vi.waitFor(async () => expect(await service.value(sleeping)).toBe(1), {
    timeout: 60_000,
    interval: 20,
  });
  await service.query('alter table public.child inherit public.parent');
  const ended = await running.ended(60_000);
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stderr).toContain(
    '1 rows were written, but 2 are counted in the same snapshot; it is tried again',
  );
  expect(await readFile(join(service.exports, 'n.csv'), 'utf8')).toBe('n\n1\n2\n');
});
