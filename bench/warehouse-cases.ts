import type { BenchCase } from './cases.ts';
import { loadRows, psqlCopyTo, sluiceExport } from './contenders/exports.ts';
import { sluiceChecking } from './contenders/sluice.ts';
import { titlesService } from './contenders/titles.ts';
import { everything, type ModelName, makeHistory, NEW_ROWS, newFile } from './contenders/transforms.ts';

/** The rows of the main file written to files, which takes each format no more memory than the others. */
export function exportCase(): BenchCase {
  const of = (name: string, file: string, ...options: string[]) => ({
    // Only their memory is measured against something, which is the same each time.
    contender: { ...sluiceExport(name, file, options), slow: options.length > 0 },
    data: 'mixed.csv' as const,
  });
  return {
    name: 'export',
    title: 'The rows of the CSV written to a file',
    setUp: loadRows,
    entrants: [
      of('sluice, CSV', 'mixed.csv'),
      { contender: psqlCopyTo, data: 'mixed.csv', target: { atLeast: 0.9 } },
      of('sluice, CSV, gzip', 'mixed.csv.gz', '--gzip'),
      of('sluice, CSV, zstd', 'mixed.csv.zst', '--zstd'),
      of('sluice, JSON Lines', 'mixed.jsonl', '--format', 'jsonl'),
      of('sluice, Parquet', 'mixed.parquet', '--format', 'parquet'),
    ],
  };
}

/** A new file over a history, and everything made anew. */
export function transformCase(name: ModelName): BenchCase {
  return {
    name: `transform-${name}`,
    title: `${name}: ${NEW_ROWS.toLocaleString('en')} new rows over a history`,
    unsized: true,
    setUp: (stage, input) => makeHistory(stage, input, name),
    entrants: [
      { contender: newFile(name), data: 'history.csv' },
      { contender: everything(name), data: 'history.csv', target: { atLeast: 20 } },
    ],
  };
}

/** What it costs to look at the rows before they are published. */
export function checksCase(): BenchCase {
  return {
    name: 'checks',
    title: 'Three whole numbers, checked',
    entrants: [
      { contender: sluiceChecking('sluice, without checks', []), data: 'narrow.csv' },
      {
        contender: sluiceChecking('sluice, not_null', [{ check: 'not_null', columns: 'id' }]),
        data: 'narrow.csv',
      },
      {
        contender: sluiceChecking('sluice, not_null and unique', [
          { check: 'not_null', columns: 'id' },
          { check: 'unique', columns: 'id' },
        ]),
        data: 'narrow.csv',
      },
    ],
  };
}

/** From a settled file to the views of the built-in example. */
export function titlesCase(): BenchCase {
  return {
    name: 'titles',
    title: 'Job titles, from a settled file to the views',
    entrants: [{ contender: titlesService, data: 'titles.csv', target: { mostSeconds: 3 } }],
  };
}
