import path from 'node:path';
import type { ExportConfig } from '../../config/define.ts';
import type { Settings } from '../../config/settings.ts';
import { SluiceError } from '../../errors.ts';
import { fitFileName } from '../../fit-file-name.ts';

/** What one export writes, and where. */
export interface ExportRequest {
  readonly name: string;
  readonly source:
    | { readonly kind: 'query'; readonly sql: string }
    | { readonly kind: 'relation'; readonly schema: string; readonly table: string };
  readonly format: 'csv' | 'jsonl' | 'parquet';
  readonly compression: 'none' | 'gzip' | 'zstd' | 'snappy';
  /** Absolute. */
  readonly file: string;
}

/** Parquet has none: it is compressed inside. */
const ENDINGS = { none: '', gzip: '.gz', zstd: '.zst', snappy: '' } as const;

type Wanted = Pick<ExportConfig, 'name' | 'from' | 'query' | 'format' | 'compression' | 'file'>;

type Names = Pick<Settings, 'exportsDir' | 'stagingSchema' | 'dwSchema'>;

/** `at` is the time that stands in the file name, and `sequence` the number, of an export that has them. */
export function exportRequest(
  wanted: Wanted,
  names: Names,
  at: Date,
  sequence: number | null,
): ExportRequest {
  const { name, query, from = name, format = 'csv' } = wanted;
  const { compression = format === 'parquet' ? 'snappy' : 'none' } = wanted;
  const ending = `.${format}${format === 'parquet' ? '' : ENDINGS[compression]}`;
  const number = sequence === null ? '' : '_{sequence}';
  const pattern = wanted.file ?? `{name}${number}_{date}_{time}${ending}`;
  return {
    ...{ name, format, compression },
    source: query === undefined ? relation(from, names) : { kind: 'query', sql: query },
    file: path.resolve(names.exportsDir, fileIn(filled(pattern, name, at, sequence))),
  };
}

/** `staging` and `warehouse` stand for the schemas of these, whatever they are called; a bare name is a model's. */
function relation(from: string, { stagingSchema, dwSchema }: Names): ExportRequest['source'] {
  const dot = from.indexOf('.');
  const given = dot === -1 ? 'warehouse' : from.slice(0, dot);
  const schema = new Map([
    ['staging', stagingSchema],
    ['warehouse', dwSchema],
  ]).get(given);
  return { kind: 'relation', schema: schema ?? given, table: from.slice(dot + 1) };
}

/** A folder is no file: its name without the slash would be taken for one. */
function fileIn(named: string): string {
  if (!/(?:^|\/)\.{0,2}$/.test(named)) return named;
  throw new SluiceError('USAGE', {
    reason: `the file of an export is ${JSON.stringify(named)}, which names no file`,
  });
}

/** What whoever lists the folder on a terminal would have obeyed, or see reordered. */
const UNSAFE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

function filled(pattern: string, name: string, at: Date, sequence: number | null): string {
  const [date = '', time = ''] = at.toISOString().split('T');
  const values = new Map([
    ['name', fitFileName(name.replace(UNSAFE, '_'), '')],
    ['date', date],
    ['time', time.slice(0, 8).replaceAll(':', '')],
    ...(sequence === null ? [] : [['sequence', String(sequence).padStart(6, '0')] as const]),
  ]);
  return pattern.replace(/\{([^{}]*)\}/g, (whole, key: string) => {
    const value = values.get(key);
    if (value !== undefined) return value;
    const allowed = [...values.keys()].map((one) => `{${one}}`).join(', ');
    throw new SluiceError('USAGE', { reason: `${whole} in a file name is none of ${allowed}` });
  });
}
