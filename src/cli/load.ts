import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, SluiceError } from '../errors.ts';
import type { Outcome } from '../ledger/outcomes.ts';
import type { Arrival } from '../ledger/source-file.ts';
import type { Dispatcher } from '../queue/dispatcher.ts';
import { displayPath } from '../watcher/display-path.ts';
import { type CommonOptions, withApplication } from './command.ts';
import { EXIT, exitCodeFor } from './exit-code.ts';
import { printOutcomes } from './finished-files.ts';
import { progressBar } from './progress-bar.ts';
import { untilSignalled } from './signals.ts';

export interface LoadOptions extends CommonOptions {
  readonly again?: boolean;
}

/** `sluice load FILE…`: loads the named files now, wherever they lie, and leaves them there. */
export async function load(files: readonly string[], options: LoadOptions): Promise<number> {
  const paths = new Set(files.map((file) => path.resolve(file)));
  const arrivals = await Promise.all([...paths].map(arrivalOf));
  const outcomes: Outcome[] = [];
  const bar = progressBar();
  const applicationOptions = {
    applicationName: 'sluice load',
    again: options.again ?? false,
    onOutcome: (outcome: Outcome) => {
      bar?.clear();
      outcomes.push(outcome);
    },
    ...(bar !== null && { onProgress: bar.draw }),
  };
  return withApplication(options, applicationOptions, async (application) => {
    let dispatcher: Dispatcher | null = null;
    const work = application.load(arrivals, (made) => {
      dispatcher = made;
    });
    const stoppable = {
      stop: async (graceMs: number) => dispatcher?.stop(graceMs),
      abortNow: () => dispatcher?.abortNow(),
    };
    const signalled = await untilSignalled(stoppable, work);
    printOutcomes(outcomes, options.json ?? false);
    const unfinished = signalled || outcomes.length < arrivals.length || application.outcomes.delayed > 0;
    return unfinished ? EXIT.failed : exitCodeFor(outcomes);
  });
}

/** What a path on the command line leads to. Anything but a regular file is refused before anything is loaded. */
export async function arrivalOf(file: string): Promise<Arrival> {
  const absolute = Buffer.from(path.resolve(file));
  const stats = await lstat(absolute, { bigint: true }).catch((error: unknown) => {
    throw new SluiceError('USAGE', { reason: `${displayPath(absolute)}: ${messageOf(error)}` }, error);
  });
  if (!stats.isFile()) {
    throw new SluiceError('USAGE', { reason: `${displayPath(absolute)} is not a regular file` });
  }
  return {
    path: absolute,
    name: displayPath(Buffer.from(path.basename(file))),
    displayPath: displayPath(absolute),
    label: null,
    identity: { size: Number(stats.size), mtimeNs: stats.mtimeNs, inode: stats.ino, device: stats.dev },
    origin: 'command',
    waitingFor: null,
  };
}
