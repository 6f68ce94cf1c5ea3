import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Finished } from '../measure/run-command.ts';

const CLOCK = pathToFileURL(join(import.meta.dirname, 'clock.mjs')).href;

/** Has `bin/sluice` tell when it did its steps; a service ends after the step `until`. */
export function clockEnvironment(until?: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=${CLOCK}`, ...(until !== undefined && { CLOCK_UNTIL: until }) };
}

/** When a step was done the last time, in milliseconds since 1970. Throws when it was not. */
export function timeOfStep({ stderr, exitCode }: Finished, step: string): number {
  const told = /^clock (\{.*\})$/m.exec(stderr)?.[1];
  const steps: Record<string, number> = told === undefined ? {} : JSON.parse(told);
  const time = steps[step];
  if (time === undefined)
    throw new Error(`it ended with ${exitCode} before "${step}": ${stderr.slice(-500)}`);
  return time;
}
