import { wholeNumber } from '../config/value-kinds.ts';
import { SluiceError } from '../errors.ts';
import { compact } from '../pipelines/compact/compact.ts';
import type { Compacted } from '../pipelines/compact/compacted.ts';
import { type CommonOptions, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printJson, printTable } from './output.ts';
import { untilSignalled } from './signals.ts';

export interface CompactOptions extends CommonOptions {
  readonly plan?: boolean;
  readonly olderThan?: string;
  readonly keep?: string;
}

const NUMBER = wholeNumber(0, 1_000_000);

/** `sluice compact [DATASET]`: folds the segments of large loads, so that a version table has few of them. */
export function compactSegments(dataset: string | undefined, options: CompactOptions): Promise<number> {
  const rule = {
    olderThanDays: numberOf('--older-than', options.olderThan),
    keep: numberOf('--keep', options.keep),
  };
  return withLedger(options, async ({ pool }, { settings, log }) => {
    const abort = new AbortController();
    let results: Compacted[] = [];
    const request = {
      ...{ stagingSchema: settings.stagingSchema, dataset: dataset ?? null, rule },
      ...{ plan: options.plan ?? false, signal: abort.signal },
    };
    const working = compact(pool, request).then((done) => {
      results = done;
    });
    const stop = async () => {
      abort.abort();
      await working;
    };
    await untilSignalled({ stop, abortNow: () => abort.abort() }, working);
    for (const { status, errorCode, errorMessage } of results) {
      if (status === 'failed') log.error(`${errorCode}: ${errorMessage}`);
    }
    if (options.json) printJson(results);
    else printTable(COLUMNS, results.map(asCells));
    return results.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.ok;
  });
}

const COLUMNS = ['version table', 'status', 'segments', 'rows', 'MB', 'seconds', 'folded into'];

function asCells({ versionTable, status, segments, rows, bytes, seconds, mergedInto }: Compacted): unknown[] {
  return [versionTable, status, segments, rows, Math.round(bytes / 1e6), seconds, mergedInto];
}

function numberOf(option: string, text = '0'): number {
  const value = NUMBER.parse(text);
  if (value === undefined) {
    throw new SluiceError('USAGE', { reason: `${option} is ${text}; allowed is ${NUMBER.allowed}` });
  }
  return value;
}
