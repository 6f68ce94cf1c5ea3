import type { DatasetConfig } from './define.ts';

/** Datasets of the built-in example: asked only about files that no dataset of the user matches. */
export const EXAMPLE_DATASETS: readonly DatasetConfig[] = [
  {
    name: '2019_free_title_data',
    match: '*free_title_data*.csv',
    columns: { 'pdl count': 'bigint' },
    redelivery: { changed: 'append' },
  },
];
