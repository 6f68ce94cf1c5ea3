import { examine } from '../doctor/examine.ts';
import { sidecarsFor } from '../pipelines/sidecars.ts';
import { type CommonOptions, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printJson, printLine, printTable } from './output.ts';

/** `sluice doctor`: holds ledger, tables and folders against each other; changes nothing. */
export function doctor(options: CommonOptions): Promise<number> {
  return withLedger(options, async ({ pool }, { settings }) => {
    const checks = await examine({ pool, settings, sidecars: sidecarsFor(settings) });
    const findings = checks.flatMap((check) => check.findings);
    if (options.json) printJson({ healthy: findings.length === 0, checks });
    else {
      printTable(
        ['check', 'findings', 'what holds'],
        checks.map((check) => [check.check, check.findings.length, check.holds]),
      );
      for (const { check, subject, problem, remedy } of findings) {
        printLine('');
        printTable([`${check}: ${subject}`], [[problem], [remedy]]);
      }
    }
    return findings.length === 0 ? EXIT.ok : EXIT.failed;
  });
}
