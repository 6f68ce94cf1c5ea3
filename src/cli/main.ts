import { readFile } from 'node:fs/promises';
import { Command, CommanderError } from 'commander';
import { toSluiceError } from '../db/database-error.ts';
import { safeText } from '../log/safe-text.ts';
import { outliveReader } from '../log.ts';
import { type AnalysisOptions, analysis } from './analysis.ts';
import { type ChecksOptions, checks } from './checks.ts';
import type { CommonOptions } from './command.ts';
import { type CompactOptions, compactSegments } from './compact.ts';
import { type DocsOptions, docs } from './docs.ts';
import { doctor } from './doctor.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { type ExportOptions, exportFiles } from './export.ts';
import { discard, type ReleaseOptions, release } from './held.ts';
import { lineage } from './lineage.ts';
import { type LoadOptions, load } from './load.ts';
import { once } from './once.ts';
import { plan } from './plan.ts';
import { type PullOptions, pull } from './pull.ts';
import { rejects } from './rejects.ts';
import { replay } from './replay.ts';
import { type RetractOptions, retract } from './retract.ts';
import { type RunsOptions, runs } from './runs.ts';
import { type SchemaOptions, schema } from './schema.ts';
import { start } from './start.ts';
import { status } from './status.ts';
import { type TransformCommandOptions, transform } from './transform.ts';
import { keepUp, type UpkeepOptions } from './upkeep.ts';
import { url } from './url.ts';
import { versions } from './versions.ts';

/** Runs one command; `argv` without node and script. Gives the process's exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  outliveReader(process.stdout);
  outliveReader(process.stderr);
  const program = await buildProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    report(error);
    return exitCodeOf(toSluiceError(error));
  }
}

function report(error: unknown): void {
  const problem = toSluiceError(error);
  process.stderr.write(
    `${`${safeText(`sluice: ${problem.code}: ${problem.message}`)}\n  ${problem.remedy}`}\n`,
  );
}

async function buildProgram(onExit: (code: number) => void): Promise<Command> {
  const program = new Command('sluice')
    .description('Turns every file dropped into a folder into Postgres tables.')
    .version(await readVersion())
    .exitOverride()
    .showHelpAfterError('(sluice --help lists the commands)');
  const add = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .option('--config <file>', 'configuration file; default: SLUICE_CONFIG, or sluice.config.ts here')
      .option('--json', 'print one JSON document on stdout');
  const run = async (work: Promise<number>) => onExit(await work);
  add('start', 'watch the imports folder until stopped').action((o: CommonOptions) => run(start(o)));
  add('once', 'work on what is in the imports folder now, then end').action((o: CommonOptions) =>
    run(once(o)),
  );
  add('load <files...>', 'load named files now, and leave them where they are')
    .option('--again', 'publish content once more although it has been published')
    .action((files: string[], o: LoadOptions) => run(load(files, o)));
  add('plan <file>', 'show what loading a file would do, and why; writes nothing').action(
    (file: string, o: CommonOptions) => run(plan(file, o)),
  );
  add('pull <source> [tables...]', 'load tables of a configured database, all from one moment')
    .option('--again', 'publish content once more although it has been published')
    .option('--plan', 'show what it would do, and why; writes nothing')
    .action((source: string, tables: string[], o: PullOptions) => run(pull(source, tables, o)));
  add('status', 'show how many files are in which state, and what waits').action((o: CommonOptions) =>
    run(status(o)),
  );
  add('runs', 'list the last load jobs')
    .option('--limit <n>', 'how many', '50')
    .action((o: RunsOptions) => run(runs(o)));
  add('rejects <run>', 'list the open rejects of a run, with line, column, reason and raw record').action(
    (id: string, o: CommonOptions) => run(rejects(id, o)),
  );
  add('versions [dataset]', 'show the versions of a dataset and how they differ').action(
    (dataset: string | undefined, o: CommonOptions) => run(versions(dataset, o)),
  );
  add('checks [dataset|model]', 'show how the checks came out that were evaluated last')
    .option('--rows', 'with rows that fail them')
    .option('--run', 'evaluate those of models and of freshness first; exit code 2 when one does not hold')
    .action((subject: string | undefined, o: ChecksOptions) => run(checks(subject, o)));
  add('retract <run|file>', 'take the rows of a published run out of staging again')
    .option('--plan', 'show what would go, what depends on it and what stands in the way; changes nothing')
    .option('--transform', 'then make models that do not follow by themselves, too')
    .action((what: string, o: RetractOptions) => run(retract(what, o)));
  add(
    'replay <run|file>',
    'load the kept file of a run again, as it is configured now, in the place of that run',
  ).action((what: string, o: CommonOptions) => run(replay(what, o)));
  add(
    'release <run|file>',
    'load a delivery that is held: in the place of the earlier one, or despite its checks',
  )
    .option('--append', 'beside the earlier one')
    .action((what: string, o: ReleaseOptions) => run(release(what, o)));
  add('discard <run|file>', 'give up a delivery that is held').action((what: string, o: CommonOptions) =>
    run(discard(what, o)),
  );
  add('compact [dataset]', 'fold segments of large loads into few tables, while readers read')
    .option('--older-than <days>', 'only what was published so long ago', '0')
    .option('--keep <n>', 'leave the newest segments of each version table', '0')
    .option('--plan', 'show what would be folded; changes nothing')
    .action((dataset: string | undefined, o: CompactOptions) => run(compactSegments(dataset, o)));
  add('upkeep', 'delete and fold what the settings KEEP_… and COMPACT_… say is old')
    .option('--plan', 'show what would go, and what is needed still; changes nothing')
    .action((o: UpkeepOptions) => run(keepUp(o)));
  add('doctor', 'check ledger, tables and folders against each other; changes nothing').action(
    (o: CommonOptions) => run(doctor(o)),
  );
  addWarehouse(add, run);
  add('schema', 'make or migrate the schemas')
    .option('--check', 'change nothing; fail when something is missing')
    .action((o: SchemaOptions) => run(schema(o)));
  add('url', 'print the connection URL with its password').action((o: CommonOptions) => run(url(o)));
  return program;
}

/** Commands for what is made of staging. */
function addWarehouse(
  add: (name: string, description: string) => Command,
  run: (work: Promise<number>) => Promise<void>,
): void {
  add('transform [models...]', 'bring the warehouse, or the named models, up to date')
    .option('--full', 'make them from everything there is, not only from new runs')
    .option('--release', 'take a state that a check of severity hold keeps back')
    .action((names: string[], o: TransformCommandOptions) => run(transform(names, o)));
  add('analysis [views...]', 'bring the warehouse up to date and show what its views say')
    .option('--limit <n>', 'rows of each view', '20')
    .action((names: string[], o: AnalysisOptions) => run(analysis(names, o)));
  add('lineage <model|file|export>', 'show what fed a model or an export, or what a file has fed').action(
    (name: string, o: CommonOptions) => run(lineage(name, o)),
  );
  add('docs', 'write a page about datasets, models, exports, checks and loads')
    .option('--out <file>', 'where to; default: docs/index.html in EXPORTS_DIR')
    .action((o: DocsOptions) => run(docs(o)));
  add('export [name]', 'write a model, table, view, query or configured export to a file')
    .option('--query <select>', 'what is written, instead of something that has a name')
    .option('--format <format>', 'csv, jsonl or parquet')
    .option('--gzip', 'compress it')
    .option('--zstd', 'compress it')
    .option('--full', 'everything, also where only what is new is written otherwise')
    .option('--file <file>', 'where to, from EXPORTS_DIR; {name}, {date} and {time} are filled in')
    .action((name: string | undefined, o: ExportOptions) => run(exportFiles(name, o)));
}

async function readVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const manifest: { version: string } = JSON.parse(text);
  return manifest.version;
}
