import type { EntrantResult, Results } from '../../bench/report/results.ts';

/** One entrant measured with the given times. */
export function measured(
  contender: string,
  seconds: readonly number[],
  more: Partial<EntrantResult> = {},
): EntrantResult {
  return {
    contender,
    files: 1,
    records: 2_000_000,
    bytes: 436_000_000,
    target: null,
    status: 'measured',
    reason: null,
    runs: seconds.map((value) => ({
      seconds: value,
      cpuSeconds: 1,
      serverCpuSeconds: 2,
      otherCpuSeconds: 0.1,
      peakBytes: 100 * 1024 * 1024,
    })),
    ...more,
  };
}

/** A run in which everything that can become of an entrant happened. */
export const SAMPLE: Results = {
  date: '2026-11-22',
  commit: '0123456789ab',
  machine: { cpu: 'A & B <fast>', cores: 2, memoryBytes: 8 * 1024 ** 3, system: 'Linux' },
  versions: {
    node: 'v20.20.2',
    postgres: '15.18 (Debian)',
    psql: 'psql (PostgreSQL) 15.18',
    unzip: 'UnZip 6.00 of 20 April 2009',
    pgloader: 'not installed',
    psycopg2: 'Python 3.11.2, psycopg2 2.9.5 (dt dec)',
  },
  server: { description: 'stock settings', settings: {} },
  rows: 2_000_000,
  runs: 3,
  cases: [
    {
      name: 'csv',
      title: 'CSV',
      linear: false,
      entrants: [
        measured('sluice', [6, 5, 10]),
        measured('psql \\copy', [9, 9, 12], { target: { atLeast: 1.4, aim: 1.7 } }),
        measured('python', [3, 3, 3], { target: { atLeast: 1.1 } }),
        measured('pgloader', [600], { target: { atLeast: 15 } }),
      ],
    },
    {
      name: 'zip',
      title: 'ZIP',
      linear: false,
      entrants: [
        measured('sluice', [], { status: 'unsupported', reason: 'FILE_UNSUPPORTED' }),
        measured('unzip -p | psql', [11]),
        measured('pgloader', [], { status: 'skipped', reason: 'pgloader not installed' }),
        measured('other', [4], { status: 'failed', reason: 'loaded 1 rows of 2' }),
      ],
    },
    {
      name: 'sizes',
      title: '10 MB to 1 GB',
      linear: true,
      entrants: [10, 100, 1000].map((size) => measured('sluice', [0.5 + size / 50], { bytes: size * 1e6 })),
    },
  ],
};
