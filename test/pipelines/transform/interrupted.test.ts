import { describe, expect, it } from 'vitest';
import { eventually, Service } from '../../service.ts';

const SELECT = 'select id, name, _run_id, _row from {{ staging.people }} where (select public.gate())';
const MODELS = {
  by_table: `-- @materialized table\n-- @key id, _run_id\n${SELECT}`,
  by_run: `-- @materialized incremental\n${SELECT}`,
  by_key: `-- @materialized merge\n-- @key id\n${SELECT}`,
  by_time: `-- @materialized scd2\n-- @key id\n${SELECT}`,
  by_number: `-- @dimension name\n${SELECT}`,
};

/** Models wait in the middle of their statement for as long as the table says. */
const GATE = `
  create table public.wait as select 0::float as seconds;
  create function public.gate() returns boolean language plpgsql as
    'begin perform pg_sleep((select seconds from public.wait)); return true; end'`;

describe('a transform that is killed', () => {
  it('leaves every kind of model as it was, and the next one makes it right', async () => {
    const service = await Service.create();
    await service.query(GATE);
    for (const [name, sql] of Object.entries(MODELS)) await service.write(`warehouse/${name}.sql`, sql);
    const first = await service.write('files/people_2026-01-01.csv', 'id,name\n1,a\n2,b\n');
    expect((await service.run(['load', first])).code).toBe(0);
    const rows = (name: string) =>
      service.query(`select id, name from datawarehouse.${name} order by id, name`);
    const before = [
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ];
    for (const name of Object.keys(MODELS)) expect(await rows(name)).toEqual(before);

    // Published, but its transform is killed in the middle of a statement, model by model.
    await service.query('update public.wait set seconds = 60');
    for (const [at, name] of Object.keys(MODELS).entries()) {
      const path = await service.write(`files/people_2026-01-0${at + 2}.csv`, `id,name\n2,c${at}\n`);
      const process = service.spawn(at === 0 ? ['load', path] : ['transform', name]);
      const asleep =
        "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
      // A model that has nothing new to take in would not wait, and end: that is to be told from being slow.
      await eventually(
        async () => !process.running || (await service.value<number>(asleep)) > 0,
        60_000,
        `${name} in the middle`,
        () => process.output,
      );
      expect(process.running, process.output).toBe(true);
      await process.kill();
      expect(await rows(name)).toEqual(before);
      await eventually(
        async () => (await service.value<number>(asleep)) === 0,
        30_000,
        'the server has noticed',
      );
    }

    await service.query('update public.wait set seconds = 0');
    const running = await service.start();
    await running.untilPrinted('transformed by_time');
    const made = async (name: string) => (await rows(name)).length === 3;
    await eventually(
      async () => (await made('by_table')) && (await made('by_number')),
      30_000,
      'every model is made',
    );
    const after = [
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
      { id: 2, name: 'c0' },
    ];
    expect(await rows('by_table')).toEqual(after);
    expect(await rows('by_run')).toEqual(after);
    expect(await rows('by_time')).toEqual(after);
    expect(await rows('by_number')).toEqual([...before, { id: 3, name: 'c0' }]);
    expect(await rows('by_key')).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'c0' },
    ]);
    expect((await running.stop()).code).toBe(0);
  });
});

describe('a burst of files', () => {
  it('leads to one transform', async () => {
    const service = await Service.create();
    await service.write(
      'warehouse/copy.sql',
      '-- @materialized incremental\nselect id, _run_id from {{ staging.people }}',
    );
    const running = await service.start();
    for (let at = 10; at < 70; at++) await service.drop(`people_20${at}-01-01.csv`, `id,name\n${at},x\n`);
    await eventually(
      async () =>
        (await service.value<number>("select count(*) from sluice.loads where status = 'published'")) >= 60,
      60_000,
      'the files are published',
    );
    await running.untilPrinted('transformed copy');
    await eventually(
      async () => (await service.value<number>('select count(*) from datawarehouse.copy')) >= 60,
      10_000,
      'all taken in',
    );
    expect(await service.value<number>('select count(*) from sluice.model_run')).toBeLessThan(5);
    expect((await running.stop()).code).toBe(0);
  });
});
