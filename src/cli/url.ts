import { type CommonOptions, withDatabase } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printJson, printLine } from './output.ts';

/** `sluice url`: the connection URL with its password, for psql and dashboards. */
export function url(options: CommonOptions): Promise<number> {
  return withDatabase(options, async (database) => {
    if (options.json) printJson({ url: database.url });
    else printLine(database.url);
    return EXIT.ok;
  });
}
