// For NODE_OPTIONS=--import of a measured `bin/sluice`: tells on stderr when the process did its steps. With
// CLOCK_UNTIL=<step> a service is asked to end after that step.
import { subscribe } from 'node:diagnostics_channel';
import { writeSync } from 'node:fs';

/** @type {Record<string, number>} Milliseconds since 1970, of each step the last time. */
const steps = {};

subscribe('sluice:step', (message) => {
  const { step } = /** @type {{ step: string }} */ (message);
  steps[step] = performance.timeOrigin + performance.now();
  if (step === process.env['CLOCK_UNTIL']) process.kill(process.pid, 'SIGTERM');
});

process.on('exit', () => {
  if (Object.keys(steps).length > 0) writeSync(2, `\nclock ${JSON.stringify(steps)}\n`);
});
