import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  datasetFrom,
  isSupportedName,
  MAX_DATASET_BYTES,
  nameFromFile,
  stripExtension,
} from '../../../src/pipelines/identify/dataset-name.ts';

describe('a file name gives dataset and business date', () => {
  for (const [fileName, dataset, businessDate] of [
    ['orders.csv', 'orders', null],
    ['ORDERS.CSV.GZ', 'orders', null],
    ['orders_2026-11-21.csv', 'orders', '2026-11-21'],
    ['orders_20261122.csv.gz', 'orders', '2026-11-22'],
    ['orders-2026_11_21.tsv', 'orders', '2026-11-21'],
    ['orders.2026.11.21.txt', 'orders', '2026-11-21'],
    ['orders.20261122T093000.csv', 'orders', '2026-11-22'],
    ['orders_20261122T093000Z.csv', 'orders', '2026-11-22'],
    ['orders_20261122093000.dat', 'orders', '2026-11-22'],
    ['orders_20261122093000123.dat', 'orders', '2026-11-22'],
    ['orders_20261122_0930.csv', 'orders', '2026-11-22'],
    ['orders 2026-11-21 09.30.00.csv', 'orders', '2026-11-21'],
    ['orders_2026-11-21-09-30-00.csv', 'orders', '2026-11-21'],
    ['orders_2026-11-21T09:30:00.123Z.csv', 'orders', '2026-11-21'],
    ['Order Lines (EU)_2026-11-21.csv', 'order_lines_eu', '2026-11-21'],
    ['sales_20240101-20240131.csv', 'sales', '2024-01-31'],
    ['20240105093000_lms.csv', 'lms', '2024-01-05'],
    ['2024-01-05_orders.csv', 'orders', '2024-01-05'],
    ['20240105_orders_20240106.csv', '20240105_orders', '2024-01-06'],
    ['2026-11-21.csv', '2026_11_21', '2026-11-21'],
    ['20240105_1200.csv', '20240105_1200', '2024-01-05'],
    ['2019-01-01_2019-02-01.csv', '2019_01_01', '2019-02-01'],
    ['2019_free_title_data.csv', '2019_free_title_data', null],
    ['orders (1).csv', 'orders_1', null],
    ['orders_2026-11-21 (1).csv', 'orders_2026_11_21_1', null],
    ['orders_v2.csv', 'orders_v2', null],
    ['Cafe\u0301.csv', 'café', null],
    ['orders__v1.csv', 'orders__v1_91c09e35', null],
    ['orders__v1__row.csv', 'orders__v1__row_98555c0b', null],
    ['__v1.csv', 'v1', null],
    ['orders_2026.csv', 'orders_2026', null],
    ['orders_2026-11.csv', 'orders_2026_11', null],
    ['orders_20261131.csv', 'orders_20261131', null],
    ['orders_20230229.csv', 'orders_20230229', null],
    ['orders_19691231.csv', 'orders_19691231', null],
    ['orders_22000101.csv', 'orders_22000101', null],
    ['orders_20261122_999999.csv', 'orders_20261122_999999', null],
    ['orders_1795339800.csv', 'orders_1795339800', null],
    ['orders20261122.csv', 'orders20261122', null],
    ['v20261122.csv', 'v20261122', null],
    ['orders_120261122.csv', 'orders_120261122', null],
    ['orders.csv.csv', 'orders_csv', null],
    ['Bestellungen für Köln.csv', 'bestellungen_für_köln', null],
  ] as const) {
    test(fileName, () =>
      expect(nameFromFile(fileName)).toMatchObject({ dataset, businessDate, label: null }),
    );
  }

  test('without a letter or digit, told apart by a hash', () => {
    const names = ['€€.csv', '!!.csv'].map((name) => nameFromFile(name).dataset);
    expect(names[0]).toMatch(/^unnamed_[0-9a-f]{8}$/);
    expect(names[0]).not.toBe(names[1]);
  });

  test('too long, told apart by a hash', () => {
    const [a, b] = ['a', 'b'].map((end) => nameFromFile(`${'long '.repeat(20)}${end}.csv`).dataset);
    expect(a).not.toBe(b);
    expect(a).toMatch(/^long_long_.*_[0-9a-f]{8}$/);
  });

  test('whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 255 }), (fileName) => {
        const { dataset } = nameFromFile(fileName);
        expect(dataset).toMatch(/^[\p{L}\p{M}\p{N}_]+$/u);
        expect(Buffer.byteLength(dataset)).toBeLessThanOrEqual(MAX_DATASET_BYTES);
      }),
    );
  });

  test('of every day, in every form', () => {
    const day = fc.date({ min: new Date('1970-01-01'), max: new Date('2199-12-31'), noInvalidDate: true });
    const form = fc.constantFrom('-', '_', '.', ' ', '');
    fc.assert(
      fc.property(day, form, fc.constantFrom('_', '-', '.', ' ', '__'), (date, dash, separator) => {
        const businessDate = date.toISOString().slice(0, 10);
        const token = businessDate.replaceAll('-', dash);
        expect(nameFromFile(`orders${separator}${token}.csv`)).toMatchObject({
          dataset: 'orders',
          businessDate,
        });
      }),
    );
  });
});

test('a dataset name is the same when it is made again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
      const name = datasetFrom(text);
      expect(datasetFrom(name)).toBe(name);
    }),
  );
});

describe('extension', () => {
  test('of delimited text is supported', () => {
    for (const name of ['a.csv', 'a.TSV', 'a.txt.gz', 'a.b.DAT.Gz']) expect(isSupportedName(name)).toBe(true);
  });
  test('of anything else is not', () => {
    for (const name of ['a', 'a.gz', 'a.xlsx', 'a.csv.zip', 'csv', 'a.csv.done'])
      expect(isSupportedName(name)).toBe(false);
  });
  test('is stripped when it is supported', () => {
    expect(stripExtension('a.b.csv.gz')).toBe('a.b');
    expect(stripExtension('a.xlsx')).toBe('a.xlsx');
  });
});
