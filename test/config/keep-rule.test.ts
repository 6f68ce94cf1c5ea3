import { expect, it } from 'vitest';
import { parseKeepDays, parseKeepRule } from '../../src/config/keep-rule.ts';
import { upkeepProblems } from '../../src/config/upkeep-settings.ts';

it.each([
  ['forever', { days: null, bytes: null }],
  ['30d', { days: 30, bytes: null }],
  ['20GB', { days: null, bytes: 20e9 }],
  ['90d 500mb', { days: 90, bytes: 500e6 }],
  ['1TB, 2d', { days: 2, bytes: 1e12 }],
])('%s', (text, rule) => expect(parseKeepRule(text)).toEqual(rule));

it.each(['', '30', '1d', '0d', '-3d', '3.5d', '30d 40d', '1GB 2GB', '10kb', 'never', '99999d', '30 d'])(
  'refused: «%s»',
  (text) => expect(parseKeepRule(text)).toBeUndefined(),
);

it('the ledger is kept by age alone', () => {
  expect(parseKeepDays('365d')).toEqual({ days: 365, bytes: null });
  expect(parseKeepDays('1GB')).toBeUndefined();
});

it('names what is wrong in the configuration file', () => {
  expect(upkeepProblems({ processed: '30d', compactDays: 3, schedule: '0 4 * * *' })).toEqual([]);
  expect(upkeepProblems({ processed: 30, compactKeep: '3', schedule: 'daily', keep: '1d' })).toEqual([
    expect.stringContaining('upkeep.processed is 30; allowed is forever'),
    expect.stringContaining('upkeep.compactKeep is "3"; allowed is a whole number'),
    expect.stringContaining('upkeep.schedule is "daily"; allowed is a cron pattern'),
    expect.stringContaining('upkeep.keep is not an option'),
  ]);
});
