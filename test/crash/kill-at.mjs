// Ends the process, as a power cut would, right after a step has been done for the n-th time. Loaded with --import.
import { subscribe } from 'node:diagnostics_channel';

const { KILL_AT, KILL_TIME = '1' } = process.env;
let seen = 0;

subscribe('sluice:step', (message) => {
  const { step } = /** @type {{ step: string }} */ (message);
  if (step === KILL_AT && ++seen === Number(KILL_TIME)) process.kill(process.pid, 'SIGKILL');
});
