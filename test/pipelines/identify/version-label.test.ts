import { describe, expect, test } from 'vitest';
import { nameFromDump } from '../../../src/pipelines/identify/dataset-name.ts';
import { findDataset } from '../../../src/pipelines/identify/find-dataset.ts';

describe('the name of a dump gives application, label and date', () => {
  for (const [stem, dataset, label, businessDate] of [
    ['lms_v2', 'lms', 'v2', null],
    ['LMS-V2.3', 'lms', 'v2.3', null],
    ['lms v10', 'lms', 'v10', null],
    ['lms_v2_20240105', 'lms', 'v2', '2024-01-05'],
    ['lms_20240105_v2', 'lms', 'v2', '2024-01-05'],
    ['20240105093000_lms_v2', 'lms', 'v2', '2024-01-05'],
    ['20240105093000_lms', 'lms', null, '2024-01-05'],
    ['lms', 'lms', null, null],
    ['lmsv2', 'lmsv2', null, null],
    ['v2', 'v2', null, null],
    ['_v2', 'v2', null, null],
    ['lms_v2_final', 'lms_v2_final', null, null],
  ] as const) {
    test(stem, () => expect(nameFromDump(stem, undefined)).toMatchObject({ dataset, label, businessDate }));
  }

  test('by a pattern of its own, with or without a group', () => {
    expect(nameFromDump('lms-rel7-users', /-rel(?<label>\d+)/)).toMatchObject({
      dataset: 'lms_users',
      label: '7',
    });
    expect(nameFromDump('lms rel7', / rel\d+$/)).toMatchObject({ dataset: 'lms', label: 'rel7' });
    expect(nameFromDump('lms_v2', false)).toMatchObject({ dataset: 'lms_v2', label: null });
  });
});

describe('the name of a plain file', () => {
  test('has no label unless the dataset says so', () => {
    expect(findDataset('orders_v2.csv', [])).toMatchObject({ dataset: 'orders_v2', label: null });
  });

  test('is matched with its label removed', () => {
    const datasets = [{ name: 'orders', label: /_(?<label>v\d+)$/ }];
    expect(findDataset('orders_V2.csv', datasets)).toMatchObject({ dataset: 'orders_v2', label: null });
    expect(findDataset('orders_v2.csv', datasets)).toMatchObject({ dataset: 'orders', label: 'v2' });
    expect(findDataset('orders.csv', datasets)).toMatchObject({ dataset: 'orders', label: null });
  });

  test('gives the label that the match pattern finds', () => {
    const datasets = [{ name: 'orders', match: /^orders_(?<label>[A-Z]+)\.csv$/ }];
    expect(findDataset('orders_EU.csv.gz', datasets)).toMatchObject({ dataset: 'orders', label: 'eu' });
  });
});
