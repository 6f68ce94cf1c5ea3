import type { KeptUp } from '../upkeep/kept-up.ts';
import { upkeep, upkeepLine } from '../upkeep/upkeep.ts';
import { type CommonOptions, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printJson, printTable } from './output.ts';
import { untilSignalled } from './signals.ts';

export interface UpkeepOptions extends CommonOptions {
  readonly plan?: boolean;
}

/** `sluice upkeep`: deletes and folds what the settings say is old. */
export function keepUp(options: UpkeepOptions): Promise<number> {
  return withLedger(options, async ({ pool }, { settings, log }) => {
    const abort = new AbortController();
    const plan = options.plan ?? false;
    let done: KeptUp[] = [];
    const working = upkeep({ pool, settings, plan, signal: abort.signal }).then((results) => {
      done = results;
    });
    const stop = async () => {
      abort.abort();
      await working;
    };
    await untilSignalled({ stop, abortNow: () => abort.abort() }, working);
    const errors = done.flatMap((one) => one.errors);
    if (!plan) log.info(upkeepLine(done), { upkeep: done });
    for (const error of errors) log.error(`upkeep: ${error}`);
    if (options.json) printJson(done);
    else printTable([plan ? 'would go' : 'gone', 'count', 'MB', 'old but needed'], done.map(asCells));
    return errors.length === 0 ? EXIT.ok : EXIT.failed;
  });
}

function asCells({ what, count, bytes, needed }: KeptUp): unknown[] {
  return [what, count, bytes / 1e6, needed];
}
