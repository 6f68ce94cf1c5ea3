import type { Settings, SourceSettings } from '../config/settings.ts';
import { SluiceError } from '../errors.ts';
import type { IdentifiedEntry } from '../pipelines/identify/identified.ts';
import { identifyTable } from '../pipelines/identify/identify-table.ts';
import { planEntries } from '../pipelines/run-pipeline.ts';
import { Pull, tablesToPull } from '../pull.ts';
import { openSource } from '../sources/open-source.ts';
import { type CommonOptions, withDatabase } from './command.ts';
import { EXIT } from './exit-code.ts';
import { finishNamed } from './finish-named.ts';
import { printJson } from './output.ts';
import { jobsAsJson, printJobs } from './plan.ts';

export interface PullOptions extends CommonOptions {
  readonly again?: boolean;
  readonly plan?: boolean;
}

/** `sluice pull SOURCE [TABLE…]`: loads tables of a configured database. */
export function pull(name: string, tables: readonly string[], options: PullOptions): Promise<number> {
  if (options.plan === true) return planPull(name, tables, options);
  const command = { name: 'sluice pull', again: options.again ?? false, expected: 0 };
  return finishNamed(options, command, async (application, onStoppable) => {
    const work = new Pull(application, sourceOf(application.settings, name));
    onStoppable(work);
    await work.run(tables);
  });
}

/** What pulling the tables would do. Reads their first rows, and writes nothing. */
function planPull(name: string, wanted: readonly string[], options: PullOptions): Promise<number> {
  return withDatabase(options, async ({ pool }, { settings }) => {
    const found = sourceOf(settings, name);
    const source = await openSource(found);
    try {
      const entries: IdentifiedEntry[] = [];
      for (const table of await tablesToPull(source, found, settings.datasets, wanted)) {
        entries.push(await identifyTable(source, table, true));
      }
      const jobs = await planEntries({ pool, settings }, entries);
      if (options.json) printJson({ source: name, jobs: await jobsAsJson(pool, jobs, entries) });
      else await printJobs(pool, jobs, entries);
      return EXIT.ok;
    } finally {
      await source.close();
    }
  });
}

function sourceOf({ sources }: Settings, name: string): SourceSettings {
  const found = sources.find((source) => source.name === name);
  if (found !== undefined) return found;
  const known = sources.length === 0 ? 'none' : sources.map((source) => source.name).join(', ');
  throw new SluiceError('SOURCE_UNKNOWN', { source: name, known });
}
