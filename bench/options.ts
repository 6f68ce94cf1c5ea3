import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { FULL_ROWS } from './generate/recipes.ts';

export type ServerKind = 'local' | 'embedded' | 'given';

export interface Options {
  readonly runs: number;
  /** Runs of contenders that take long. */
  readonly slowRuns: number;
  /** Names of cases; empty means all. */
  readonly cases: readonly string[];
  readonly rows: number;
  readonly server: ServerKind;
  /** Server to use; its role must be allowed to create databases and to checkpoint. Only for `given`. */
  readonly url: string | null;
  readonly pgBin: string;
  readonly installPeers: boolean;
  /** Day that the results carry. */
  readonly date: string;
  readonly out: string;
  /** Draw table and chart of the results in `out` again, and run nothing. */
  readonly render: boolean;
}

const QUICK_ROWS = 100_000;
const FULL_RUNS = 5;
const SHOWN = 'bench/results.json';
const PART = 'bench/data/results.json';

interface Given {
  runs?: number;
  slowRuns?: number;
  cases?: string[];
  rows?: number;
  quick?: true;
  server: 'local' | 'embedded';
  url?: string;
  pgBin: string;
  installPeers?: true;
  date: string;
  out?: string;
  render?: true;
}

/** Options of `npm run bench`, from the arguments after the script's name. Ends the process on --help and misuse. */
export function readOptions(args: readonly string[], today: Date): Options {
  const command = new Command('npm run bench --')
    .description('Measures Sluice and its peers side by side on one server.')
    .option('--runs <n>', `runs of each contender (default: ${FULL_RUNS}, quick: 1)`, wholeNumber)
    .option('--slow-runs <n>', 'runs of contenders that take long (default: as --runs)', wholeNumber)
    .option('--cases <names>', 'cases, divided by commas (default: all)', (text) => text.split(','))
    .option(
      '--rows <n>',
      `records of the main file (default: ${FULL_ROWS}, quick: ${QUICK_ROWS})`,
      wholeNumber,
    )
    .option('--quick', 'a small run, to see that everything works')
    .addOption(
      new Option('--server <kind>', 'server to start').choices(['local', 'embedded']).default('local'),
    )
    .option(
      '--url <url>',
      'a running server instead; the role must be allowed to create databases and to checkpoint',
    )
    .option('--pg-bin <folder>', "Postgres's programs for --server local", '/usr/lib/postgresql/15/bin')
    .option('--install-peers', 'install missing peers with apt-get; as root')
    .option('--date <day>', 'day that the results carry', day, today.toISOString().slice(0, 10))
    .option(
      '--out <file>',
      `where the results go, and the chart beside them (default: ${SHOWN}; of a part, ${PART})`,
    )
    .option('--render', 'only draw table and chart of the results in --out again')
    .parse(args, { from: 'user' });
  return complete(command.opts<Given>());
}

function complete(given: Given): Options {
  const quick = given.quick === true;
  const runs = given.runs ?? (quick ? 1 : FULL_RUNS);
  return {
    runs,
    slowRuns: given.slowRuns ?? runs,
    cases: given.cases ?? [],
    rows: given.rows ?? (quick ? QUICK_ROWS : FULL_ROWS),
    server: given.url === undefined ? given.server : 'given',
    url: given.url ?? null,
    pgBin: given.pgBin,
    installPeers: given.installPeers === true,
    date: given.date,
    out: resolve(given.out ?? (isPart(given) ? PART : SHOWN)),
    render: given.render === true,
  };
}

/** What the README shows comes from whole runs only. */
function isPart({ quick, cases, rows, url }: Given): boolean {
  return quick !== undefined || cases !== undefined || rows !== undefined || url !== undefined;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('a whole number from 1 is needed');
  return number;
}

function day(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) throw new InvalidArgumentError('a day such as 2026-11-22 is needed');
  return text;
}
