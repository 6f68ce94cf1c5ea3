import { csvRecords, csvText } from '../generated.ts';
import type { Service } from '../service.ts';

/** More than one block, so that lanes and segments come into play. */
const LARGE_ROWS = 130_000;
/** More than the sample takes in whole. */
const CONTRADICTED_ROWS = 45_000;
const FLAWED = 3;

/** What has to be there in the end, whatever happened on the way. */
export interface Expected {
  /** Sum of ids and count by dataset. */
  readonly tables: Readonly<Record<string, { readonly rows: number; readonly ids: number }>>;
  /** `name status` of every run, sorted. */
  readonly runs: readonly string[];
  readonly rejects: number;
}

const CONFIG = `import { defineConfig, defineDataset } from 'sluice';
export default defineConfig({ datasets: [
  defineDataset({ name: 'rates', redelivery: { changed: 'supersede' } }),
] });
`;

/** Every kind of file that a run can have to do with, and a delivery that is there already, to be superseded. */
export async function prepareDrop(service: Service): Promise<Expected> {
  await service.write('sluice.config.ts', CONFIG);
  await service.drop('rates.csv', csvText(10));
  const first = await service.run(['once']);
  if (first.code !== 0) throw new Error(first.stderr);
  await service.drop('rates.csv', csvText(12, 5));
  for (let n = 1; n <= 6; n++) {
    await service.drop(`small_2026-11-0${n}.csv`, csvText(20, n * 100), 100 - n);
  }
  await service.drop('small_2026-11-01.csv.done', '');
  await service.drop('hopeless.csv.done', '');
  await service.drop('copy of small.csv', csvText(20, 100), 1);
  await service.drop('flawed.csv', `${csvText(50)}${'51\n'.repeat(FLAWED)}`);
  await service.drop('hopeless.csv', `${csvText(30)}${'31\n'.repeat(10)}`);
  await service.drop('large.csv', csvText(LARGE_ROWS));
  await service.drop('contradicted.csv', contradicted());
  return EXPECTED;
}

function contradicted(): string {
  const records = csvRecords(1, CONTRADICTED_ROWS);
  // Between the head of the file and the first of the places further on where the sample looks.
  const at = records.indexOf('\n', 270_000) + 1;
  return `id,name,amount\n${records.slice(0, at)}900001,late,unknown\n${records.slice(at)}`;
}

function sum(from: number, rows: number): number {
  return (rows * (2 * from + rows - 1)) / 2;
}

const SMALL = [1, 2, 3, 4, 5, 6];

const EXPECTED: Expected = {
  tables: {
    rates: { rows: 12, ids: sum(5, 12) },
    small: { rows: 120, ids: SMALL.reduce((total, n) => total + sum(n * 100, 20), 0) },
    flawed: { rows: 50, ids: sum(1, 50) },
    large: { rows: LARGE_ROWS, ids: sum(1, LARGE_ROWS) },
    contradicted: { rows: CONTRADICTED_ROWS + 1, ids: sum(1, CONTRADICTED_ROWS) + 900_001 },
  },
  runs: [
    'contradicted.csv published',
    'copy of small.csv duplicate',
    'flawed.csv published',
    'hopeless.csv failed',
    'large.csv published',
    'rates.csv published',
    'rates.csv superseded',
    ...SMALL.map((n) => `small_2026-11-0${n}.csv published`),
  ],
  rejects: FLAWED,
};
