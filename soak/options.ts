import { Command, InvalidArgumentError } from 'commander';

export interface Options {
  /** It goes on until both are passed. */
  readonly minutes: number;
  readonly iterations: number;
  readonly seed: number;
  readonly keep: boolean;
  /** Instead of rounds: one outage of the database of so many minutes, during which `files` files arrive. */
  readonly outageMinutes: number | null;
  readonly files: number;
}

/** Options of `npm run soak`. Ends the process on --help and misuse. */
export function readOptions(args: readonly string[]): Options {
  const command = new Command('npm run soak --')
    .description(
      'Drops, replaces, rewrites and deletes files while faults are injected, and compares what is there with a model.',
    )
    .option('--minutes <n>', 'how long', number, 0)
    .option('--iterations <n>', 'how many rounds at least', number, 0)
    .option('--seed <n>', 'what happens follows from it', number, 1)
    .option('--outage-minutes <n>', 'instead: the database is away for so long while files arrive', number)
    .option('--files <n>', 'how many of them', number, 500)
    .option('--keep', 'leave the folders in place when something is wrong')
    .parse(args, { from: 'user' });
  const { minutes, iterations, seed, keep, outageMinutes = null, files } = command.opts();
  const none = minutes === 0 && iterations === 0;
  return { minutes: none ? 5 : minutes, iterations, seed, keep: keep === true, outageMinutes, files };
}

function number(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError('a number from 0 is needed');
  return value;
}
