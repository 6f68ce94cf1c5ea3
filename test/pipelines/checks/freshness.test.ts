import { Cron } from 'croner';
import { describe, expect, it } from 'vitest';
import { deadlinePattern, type Freshness, lastDeadline } from '../../../src/pipelines/checks/freshness.ts';
import { eventually, Service } from '../../service.ts';

const MONDAY = new Date(2026, 10, 23, 7, 59);

describe('freshness', () => {
  it.each<[Partial<Freshness>, Date, Date]>([
    [{ days: 'daily' }, MONDAY, new Date(2026, 10, 22, 8, 0)],
    [{ days: 'workdays' }, MONDAY, new Date(2026, 10, 20, 8, 0)],
    [{ days: 'workdays' }, new Date(2026, 10, 23, 8, 0), new Date(2026, 10, 23, 8, 0)],
    [{ days: ['tue'] }, MONDAY, new Date(2026, 10, 17, 8, 0)],
    [{ days: ['mon'] }, MONDAY, new Date(2026, 10, 16, 8, 0)],
  ])('%j: the last deadline before %s was %s', (days, now, expected) => {
    const config = { check: 'freshness', by: '08:00', ...days } as const;
    const { since, at } = lastDeadline(config, now);
    expect(at).toEqual(expected);
    expect(since).toEqual(new Date(at.getFullYear(), at.getMonth(), at.getDate()));
    const cron = new Cron(deadlinePattern(config), { paused: true });
    expect(lastDeadline(config, cron.nextRun(now) as Date).at).toEqual(cron.nextRun(now));
  });

  it('of a feed is told once when it is late, once when it has come, and is evaluated by command', async () => {
    const service = await Service.create();
    await service.write(
      'sluice.config.ts',
      `export default { datasets: [{ name: 'rates', match: 'rates*.csv',
         checks: [{ check: 'freshness', by: '00:00', rows: 3, severity: 'fail' }] }] };`,
    );
    const running = await service.start();
    await running.untilPrinted(/rates is late: 0 rows on [\d-]+, expected 3 by 00:00 \| check freshness/);
    await service.drop('rates_1.csv', 'id,rate\n1,2\n2,3\n');
    await service.finished(1);
    const late = await service.run(['checks', '--run', '--json']);
    expect(late.code, late.stderr).toBe(2);
    expect(JSON.parse(late.stdout)).toMatchObject([
      { subject: 'rates', name: 'freshness', status: 'failed', rowsChecked: 2 },
    ]);
    await service.drop('rates_2.csv', 'id,rate\n3,2\n4,3\n');
    await running.untilPrinted('rates has come: 4 rows | check freshness');
    await eventually(
      async () => (await service.value('select status from sluice.checks where latest')) === 'passed',
      10_000,
      'the check passes',
    );
    expect(running.output.match(/rates is late/g)).toHaveLength(1);
    expect((await service.run(['checks', '--run', 'rates'])).code).toBe(0);
    expect((await running.stop()).code).toBe(0);
  });

  it('checks of models are evaluated by command on what is there', async () => {
    const service = await Service.create();
    await service.write(
      'warehouse/rate.sql',
      '-- @materialized table\n-- @check warn range id: 0 .. 100\n-- @check unique rate\nselect id, rate from {{ staging.rates }}',
    );
    await service.drop('rates.csv', 'id,rate\n1,2\n2,3\n');
    expect((await service.run(['once'])).code).toBe(0);
    expect((await service.run(['checks', '--run'])).code).toBe(0);
    await service.query('insert into datawarehouse.rate values (900, 3)');
    const shown = await service.run(['checks', '--run', '--rows', 'rate']);
    expect(shown.code, shown.stderr).toBe(2);
    expect(shown.stdout).toMatch(/rate +range_id +warn +warned +1 +3 /);
    expect(shown.stdout).toContain('rate unique_rate: 2 of 3 rows\n{"id":2,"rate":3}\n{"id":900,"rate":3}');
  });
});
