import { setTimeout as sleep } from 'node:timers/promises';

const GOODBYE_MS = 2_000;

/** Asks a server to break off a statement whose session is about to be closed: by itself it would notice late. Best effort. */
export async function breakOff(cancel: () => Promise<void>): Promise<void> {
  const patience = new AbortController();
  const waited = sleep(GOODBYE_MS, undefined, { signal: patience.signal }).catch(() => {});
  await Promise.race([cancel().catch(() => {}), waited]);
  patience.abort();
}
