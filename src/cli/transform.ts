import type { Application } from '../main.ts';
import type { TransformedModel } from '../pipelines/transform/transformed.ts';
import { type CommonOptions, withApplication } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printJson, printTable } from './output.ts';
import { untilSignalled } from './signals.ts';

export interface TransformCommandOptions extends CommonOptions {
  readonly full?: boolean;
  readonly release?: boolean;
}

/** `sluice transform [MODEL…]`: brings the warehouse, or the named models and what depends on them, up to date. */
export function transform(names: readonly string[], options: TransformCommandOptions): Promise<number> {
  return withApplication(options, { applicationName: 'sluice transform' }, async (application) => {
    const results = await runTransform(application, names, options.full ?? false, options.release ?? false);
    if (results === null) return EXIT.failed;
    if (options.json) printJson(results.map(asJson));
    else printTable(COLUMNS, results.map(asCells));
    for (const { error, model, warnings } of results) {
      for (const warning of warnings) process.stderr.write(`${model}: check warned: ${warning}\n`);
      if (error !== null) process.stderr.write(`${error.code}: ${error.message}\n  ${error.remedy}\n`);
    }
    return results.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.ok;
  });
}

/** Null when a signal ended it. */
export async function runTransform(
  { transforms }: Application,
  names: readonly string[],
  whole: boolean,
  release = false,
): Promise<readonly TransformedModel[] | null> {
  let results: readonly TransformedModel[] | null = null;
  const work = transforms.run({ names: names.length === 0 ? null : names, whole, release }).then((made) => {
    results = made;
  });
  const stoppable = { stop: () => transforms.stop(), abortNow: () => undefined };
  await untilSignalled(stoppable, work);
  return results;
}

const COLUMNS = [
  'model',
  'materialized',
  'status',
  'whole',
  'inserted',
  'updated',
  'deleted',
  'seconds',
  'error',
];

function asCells(result: TransformedModel): unknown[] {
  const { model, materialized, status, whole, rowsInserted, rowsUpdated, rowsDeleted, seconds, error } =
    result;
  return [model, materialized, status, whole, rowsInserted, rowsUpdated, rowsDeleted, seconds, error?.code];
}

function asJson({ error, ...rest }: TransformedModel): unknown {
  return { ...rest, errorCode: error?.code ?? null, errorMessage: error?.message ?? null };
}
