import type { Contender, Input, Stage } from './contenders/contender.ts';
import { pgloader } from './contenders/pgloader.ts';
import { psqlCopy, psqlSession, unzipPipe } from './contenders/psql.ts';
import { psycopg2 } from './contenders/psycopg2.ts';
import { sluice, sluiceNamed } from './contenders/sluice.ts';
import { type DataName, SIZES_MB } from './generate/recipes.ts';
import { checksCase, exportCase, titlesCase, transformCase } from './warehouse-cases.ts';

export type Target =
  /** What the contender's time divided by that of the first is to be. */
  | {
      readonly atLeast: number;
      /** Hoped for beyond that. */
      readonly aim?: number;
    }
  | { readonly mostSeconds: number };

/** One contender in one case. */
export interface Entrant {
  readonly contender: Contender;
  readonly data: DataName;
  readonly target?: Target;
}

/** One comparison: who does what in turn. The first entrant is the one that the others are compared with. */
export interface BenchCase {
  readonly name: string;
  readonly title: string;
  readonly entrants: readonly Entrant[];
  /** The data set whose columns `sluice plan` is asked for; none where nobody needs them. */
  readonly columnsOf?: DataName;
  /** The types are declared to Sluice, so that a value that does not fit is a fault. */
  readonly declared?: boolean;
  /** The entrants differ in size only, and their times are to lie on a line. */
  readonly linear?: boolean;
  /** What is timed does not grow with the bytes of the data: they divided by it mean nothing. */
  readonly unsized?: boolean;
  /** Fills the database once, before the first run; no run empties it then. */
  setUp?(stage: Stage, input: Input): Promise<void>;
}

const CLEAN = sluiceNamed('sluice, the file without faults');

export const CASES: readonly BenchCase[] = [
  {
    name: 'csv',
    title: 'CSV, 20 mixed columns',
    columnsOf: 'mixed.csv',
    entrants: [
      { contender: sluice, data: 'mixed.csv' },
      { contender: psqlCopy, data: 'mixed.csv', target: { atLeast: 1.4, aim: 1.7 } },
      { contender: pgloader, data: 'mixed.csv', target: { atLeast: 15 } },
    ],
  },
  {
    name: 'zip',
    title: 'The same in a deflated ZIP',
    columnsOf: 'mixed.csv',
    entrants: [
      { contender: sluice, data: 'mixed.zip' },
      { contender: unzipPipe, data: 'mixed.zip', target: { atLeast: 1.2 } },
      { contender: psycopg2, data: 'mixed.zip', target: { atLeast: 1.1 } },
    ],
  },
  faultsCase('bad-200', 'The same CSV, 200 bad records', 'mixed_200_bad.csv', 0.8),
  faultsCase('bad-tenth', 'The same CSV, every 10th record bad', 'mixed_tenth_bad.csv', 0.25),
  {
    name: 'many-files',
    title: '1,000 files of 100 records',
    columnsOf: 'readings',
    entrants: [
      { contender: sluice, data: 'readings' },
      { contender: psqlSession, data: 'readings', target: { atLeast: 0.4, aim: 0.8 } },
    ],
  },
  psqlCase('wide', '500 columns', 'wide.csv'),
  psqlCase('long', 'Texts of 10 KB with quoted newlines', 'long.csv'),
  psqlCase('narrow', 'Three whole numbers', 'narrow.csv'),
  {
    name: 'sizes',
    title: '10 MB to 1 GB',
    columnsOf: 'size_10mb.csv',
    linear: true,
    entrants: SIZES_MB.map((size) => ({
      contender: sluice,
      data: `size_${size}mb.csv` as const,
    })),
  },
  exportCase(),
  ...(['incremental', 'merge', 'scd2', 'dimension'] as const).map(transformCase),
  checksCase(),
  titlesCase(),
];

function faultsCase(name: string, title: string, data: DataName, atLeast: number): BenchCase {
  return {
    name,
    title,
    columnsOf: 'mixed.csv',
    declared: true,
    entrants: [
      { contender: sluice, data },
      { contender: CLEAN, data: 'mixed.csv', target: { atLeast } },
    ],
  };
}

function psqlCase(name: string, title: string, data: DataName): BenchCase {
  return {
    name,
    title,
    columnsOf: data,
    entrants: [
      { contender: sluice, data },
      { contender: psqlCopy, data, target: { atLeast: 1.2 } },
    ],
  };
}

/** The cases of these names, in our order; all when none is named. Throws on a name that there is not. */
export function selectCases(names: readonly string[]): readonly BenchCase[] {
  const unknown = names.find((name) => !CASES.some((one) => one.name === name));
  if (unknown !== undefined) {
    throw new Error(`there is no case ${unknown}; there are ${CASES.map((one) => one.name).join(', ')}`);
  }
  return names.length === 0 ? CASES : CASES.filter((one) => names.includes(one.name));
}
