import type { Outcome } from '../ledger/outcomes.ts';
import type { Application } from '../main.ts';
import { type CommonOptions, withApplication } from './command.ts';
import { EXIT, exitCodeFor } from './exit-code.ts';
import { printOutcomes } from './finished-files.ts';
import { progressBar } from './progress-bar.ts';
import { type Stoppable, untilSignalled } from './signals.ts';

export interface NamedFiles {
  /** `application_name` of the connections. */
  readonly name: string;
  readonly again: boolean;
  /** How many files have to get an outcome, where that is known before. */
  readonly expected: number;
}

type Work = (application: Application, onStoppable: (work: Stoppable) => void) => Promise<void>;

/** Works on files that a command names, until each has an outcome or a signal ends it; prints what became of them. */
export function finishNamed(options: CommonOptions, files: NamedFiles, work: Work): Promise<number> {
  const outcomes: Outcome[] = [];
  const bar = progressBar();
  const applicationOptions = {
    applicationName: files.name,
    again: files.again,
    onOutcome: (outcome: Outcome) => {
      bar?.clear();
      outcomes.push(outcome);
    },
    ...(bar !== null && { onProgress: bar.draw }),
  };
  return withApplication(options, applicationOptions, async (application) => {
    let started: Stoppable | null = null;
    const base = application.transforms.loadBase();
    const working = base.then(() =>
      work(application, (made) => {
        started = made;
      }),
    );
    const stoppable = {
      stop: async (graceMs: number) => started?.stop(graceMs),
      abortNow: () => started?.abortNow(),
    };
    const signalled = await untilSignalled(stoppable, working);
    printOutcomes(outcomes, options.json ?? false);
    const ended = outcomes.filter(({ status }) => status !== 'superseded');
    const unfinished = signalled || ended.length < files.expected || application.outcomes.delayed > 0;
    return unfinished ? EXIT.failed : exitCodeFor(outcomes);
  });
}
