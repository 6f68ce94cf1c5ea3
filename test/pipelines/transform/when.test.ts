import { describe, expect, it } from 'vitest';
import { eventually, Service } from '../../service.ts';

const PATIENCE_MS = 60_000;
const FILES = 80;

describe('models are made', () => {
  it('once for a burst of small files, on their schedule, and also when they stand in the configuration', async () => {
    const service = await Service.create();
    await service.write(
      'sluice.config.ts',
      `import { defineConfig, defineModel } from 'sluice';
       export default defineConfig({ datasets: [{ name: 'points', match: 'points*.csv' }], models: [
         defineModel({ name: 'total', materialized: 'table', checks: [{ check: 'row_count', min: 1, max: 1 }],
                       sql: 'select count(*) as rows, sum(id) as ids from {{ staging.points }}' }),
         defineModel({ name: 'shown', sql: 'select rows from {{ warehouse.total }}' }),
       ] });`,
    );
    await service.write(
      'warehouse/ticking.sql',
      '-- @materialized table\n-- @schedule * * * * * *\nselect count(*) as rows from {{ staging.points }}',
    );
    for (let at = 0; at < FILES; at++)
      await service.drop(`points_2026-11-${10 + (at % 10)}_${at}.csv`, `id,x\n${at},1\n`);
    const running = await service.start();
    await service.finished(FILES);
    const whole = async () => (await service.query('select * from datawarehouse.total').catch(() => []))[0];
    await eventually(
      async () => JSON.stringify(await whole()) === `{"rows":${FILES},"ids":"3160"}`,
      PATIENCE_MS,
      'all are counted',
    );
    expect(await service.query('select * from datawarehouse.shown')).toEqual([{ rows: FILES }]);
    const runs = (model: string, trigger: string) =>
      service.value<number>(
        `select count(*) from sluice.model_run join sluice.model using (model_id) where name = '${model}' and trigger = '${trigger}'`,
      );
    // A slow machine may pause in the middle of the burst, so that it looks like two.
    expect(await runs('total', 'publish')).toBeLessThanOrEqual(2);
    expect(await service.query("select status, file from sluice.models where name = 'total'")).toEqual([
      { status: 'built', file: 'model total of the configuration file' },
    ]);
    await eventually(
      async () => (await runs('ticking', 'schedule')) >= 2,
      PATIENCE_MS,
      'the clock has struck twice',
    );
    expect(await runs('ticking', 'publish')).toBe(0);
    expect(await service.query('select * from datawarehouse.ticking')).toEqual([{ rows: FILES }]);
    expect((await running.stop()).code).toBe(0);
  });

  it('again after an error that passes, and as before when models are wrong', async () => {
    const service = await Service.create();
    const model = '-- @materialized table\n-- @key id\nselect id, x from {{ staging.points }}';
    await service.write(
      'sluice.config.ts',
      "export default { datasets: [{ name: 'points', match: 'points*.csv' }] };",
    );
    await service.write('warehouse/point.sql', model);
    await service.drop('points_1.csv', 'id,x\n1,1\n');
    const running = await service.start();
    await running.untilPrinted('transformed point');
    // What a deadlock and a lock timeout look like to who suffers them.
    await service.query(`
      create table public.trouble (code text); insert into public.trouble values ('40P01');
      create function public.trouble() returns trigger language plpgsql as $$
        declare found text := (select code from public.trouble);
        begin if found is not null then raise exception 'trouble' using errcode = found; end if; return new; end $$;
      create trigger trouble before insert on datawarehouse.point for each row execute function public.trouble()`);
    await service.drop('points_2.csv', 'id,x\n2,1\n');
    await running.untilPrinted('the transform is tried again in 1 s: DATABASE_BUSY');
    await service.query("update public.trouble set code = '55P03'");
    await running.untilPrinted('the transform is tried again in 2 s: LOCK_TIMEOUT');
    expect(await service.value('select count(*) from datawarehouse.point')).toBe(1);
    await service.query('delete from public.trouble');
    const count = () => service.value<number>('select count(*) from datawarehouse.point');
    await eventually(async () => (await count()) === 2, PATIENCE_MS, 'the transform is tried again');

    await service.write('warehouse/wrong.sql', 'select *\nfrom {{ warehouse.nothing }}');
    await service.drop('points_3.csv', 'id,x\n3,1\n');
    await running.untilPrinted('MODEL_REFERENCE_UNKNOWN: wrong.sql, line 2: warehouse.nothing is unknown');
    await service.write('warehouse/wrong.sql', 'select *\n\nfrom {{ warehouse.wrong }}');
    await service.drop('points_4.csv', 'id,x\n4,1\n');
    await running.untilPrinted(
      'MODEL_CYCLE: wrong.sql, line 3: models depend on each other in a circle: wrong -> wrong',
    );
    await service.finished(4);
    expect([await count(), await service.value('select count(*) from staging.points')]).toEqual([2, 4]);
    await service.write('warehouse/wrong.sql', 'select 1 as one');
    await service.drop('points_5.csv', 'id,x\n5,1\n');
    await eventually(async () => (await count()) === 5, PATIENCE_MS, 'the model is made again');
    expect((await running.stop()).code).toBe(0);
  });
});
