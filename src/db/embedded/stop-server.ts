import { setTimeout as sleep } from 'node:timers/promises';
import { runningPostmaster } from './postmaster.ts';

const POLL_MS = 20;

/**
 * Asks the server for a fast shutdown: open transactions are rolled back, then a checkpoint. True when it has ended
 * within `limitMs`; otherwise it goes on ending by itself, and the next start waits for it.
 */
export async function stopServer(cluster: string, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  const postmaster = await runningPostmaster(cluster);
  if (postmaster === null) return true;
  process.kill(postmaster.pid, 'SIGINT');
  while ((await runningPostmaster(cluster))?.pid === postmaster.pid) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
