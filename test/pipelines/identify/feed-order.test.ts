import { describe, expect, test } from 'vitest';
import { feedOrderOf } from '../../../src/pipelines/identify/feed-order.ts';

describe('feed and moment of', () => {
  for (const [fileName, feed, moment] of [
    ['20240105093000_lms.zip', 'lms', '20240105093000'],
    ['20240105_lms_v2.zip', 'lms', '20240105'],
    ['20240105093000_lms.zip.gpg', 'lms', '20240105093000'],
    ['lms_v3_2024-01-05T09.30.zip', 'lms', '202401050930'],
    ['orders_20240105_093000123.csv.gz', 'orders', '20240105093000123'],
    ['orders_2024-01-05.csv', 'orders', '20240105'],
    ['o20240105.csv', 'sales', '20240105'],
  ] as const) {
    const datasets = [{ name: 'sales', match: /^o(?<date>\d{8})/ }];
    test(fileName, () => expect(feedOrderOf(fileName, { datasets, dumps: [] })).toEqual({ feed, moment }));
  }

  test('a dump: the application that the configuration names', () => {
    const dumps = [{ match: /^export-(?<date>\d{8})-(?<label>\w+)\.zip$/, app: 'lms' }];
    const settings = { datasets: [], dumps };
    expect(feedOrderOf('export-20240105-r7.zip', settings)).toEqual({ feed: 'lms', moment: '20240105' });
  });

  test('a name without a date: none', () => {
    for (const name of ['lms.zip', 'lms_v2.zip', 'orders.csv', 'orders_20249905.csv'])
      expect(feedOrderOf(name, { datasets: [], dumps: [] })).toBeNull();
  });

  test('a name that two datasets claim: none', () => {
    const datasets = ['a', 'b'].map((name) => ({ name, match: 'orders_*.csv' }));
    expect(feedOrderOf('orders_2024-01-05.csv', { datasets, dumps: [] })).toBeNull();
  });
});
