import { Intake } from '../intake.ts';
import type { Outcome } from '../ledger/outcomes.ts';
import { type CommonOptions, withApplication } from './command.ts';
import { EXIT, exitCodeFor } from './exit-code.ts';
import { printOutcomes } from './finished-files.ts';
import { progressBar } from './progress-bar.ts';
import { untilSignalled } from './signals.ts';

/** `sluice once`: works on everything that is in the imports folder now, then ends. */
export function once(options: CommonOptions): Promise<number> {
  const outcomes: Outcome[] = [];
  const bar = progressBar();
  const collect = (outcome: Outcome) => {
    bar?.clear();
    outcomes.push(outcome);
  };
  const applicationOptions = {
    applicationName: 'sluice once',
    onOutcome: collect,
    ...(bar !== null && { onProgress: bar.draw }),
  };
  return withApplication(options, applicationOptions, async (application) => {
    const intake = new Intake(application, true);
    const base = application.transforms.loadBase();
    const work = base.then(() => intake.start()).then(() => intake.finished());
    const signalled = await untilSignalled(intake, work);
    if (!signalled) await intake.stop(0);
    printOutcomes(outcomes, options.json ?? false);
    return signalled || application.outcomes.delayed > 0 ? EXIT.failed : exitCodeFor(outcomes);
  });
}
