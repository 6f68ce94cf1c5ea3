import type { ShapeName } from './shapes.ts';

/** How one data set is made. */
export type Recipe =
  | { readonly kind: 'records'; readonly shape: ShapeName; readonly records: number }
  /** Every `every`th record of another data set spoilt. */
  | { readonly kind: 'faults'; readonly of: DataName; readonly every: number }
  | { readonly kind: 'zip'; readonly of: DataName }
  /** The records of another data set, repeated or cut. */
  | { readonly kind: 'repeat'; readonly of: DataName; readonly bytes: number }
  /** A file of the tests' public data. */
  | { readonly kind: 'public'; readonly file: string }
  /** A folder of files that differ in their date. */
  | { readonly kind: 'files'; readonly shape: ShapeName; readonly files: number; readonly records: number };

export const DATA_NAMES = [
  'mixed.csv',
  'mixed.zip',
  'mixed_200_bad.csv',
  'mixed_tenth_bad.csv',
  'readings',
  'wide.csv',
  'long.csv',
  'narrow.csv',
  'history.csv',
  'titles.csv',
  'size_10mb.csv',
  'size_30mb.csv',
  'size_100mb.csv',
  'size_300mb.csv',
  'size_1000mb.csv',
] as const;

export type DataName = (typeof DATA_NAMES)[number];

export const SIZES_MB = [10, 30, 100, 300, 1000] as const;

/** Records of the mixed shape that make the 436 MB everything else is scaled to. */
export const FULL_ROWS = 2_000_000;

const BAD_ROWS = 200;

/** The recipes for data of `rows` mixed records; wide, long and narrow files and the sizes shrink and grow with it. */
export function recipesFor(rows: number): Record<DataName, Recipe> {
  const scale = rows / FULL_ROWS;
  const size = (megabytes: (typeof SIZES_MB)[number]): Recipe => ({
    kind: 'repeat',
    of: 'mixed.csv',
    bytes: Math.round(megabytes * 1e6 * Math.min(1, scale)),
  });
  const records = (shape: ShapeName, count: number): Recipe => ({
    kind: 'records',
    shape,
    records: Math.max(1, Math.round(count)),
  });
  return {
    'mixed.csv': records('mixed', rows),
    'mixed.zip': { kind: 'zip', of: 'mixed.csv' },
    'mixed_200_bad.csv': { kind: 'faults', of: 'mixed.csv', every: Math.max(1, Math.floor(rows / BAD_ROWS)) },
    'mixed_tenth_bad.csv': { kind: 'faults', of: 'mixed.csv', every: 10 },
    readings: { kind: 'files', shape: 'mixed', files: 1_000, records: 100 },
    'wide.csv': records('wide', rows / 30),
    'long.csv': records('long', rows / 100),
    'narrow.csv': records('narrow', rows * 2.5),
    'history.csv': records('history', rows * 2.5),
    'titles.csv': { kind: 'public', file: '2019_free_title_data.csv' },
    'size_10mb.csv': size(10),
    'size_30mb.csv': size(30),
    'size_100mb.csv': size(100),
    'size_300mb.csv': size(300),
    'size_1000mb.csv': size(1000),
  };
}
