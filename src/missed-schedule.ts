import { Cron } from 'croner';

/** Whether a time of the cron pattern has passed since `since`, which nobody was there for. */
export function hasMissed(pattern: string, since: Date, now = new Date()): boolean {
  const cron = new Cron(pattern, { paused: true });
  const [last] = cron.previousRuns(1, now);
  cron.stop();
  return last !== undefined && last > since;
}
