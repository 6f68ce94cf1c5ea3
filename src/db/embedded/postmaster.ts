import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../sqlstate.ts';
import { isPostgresOf } from './processes.ts';

/** A running server. `port` is null while it has not got that far. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number | null;
}

/** Above every kernel's highest pid, and still an int: a process of this id can never exist. */
const IMPOSSIBLE_PID = 2_147_483_647;

/** The server that runs on `cluster`, or null. Source of the format: Postgres, src/include/utils/pidfile.h. */
export async function runningPostmaster(cluster: string): Promise<Postmaster | null> {
  const lines = await readPidFile(cluster);
  const pid = Number.parseInt(lines[0] ?? '', 10);
  if (!(pid > 1) || !isPostgresOf(pid, cluster)) return null;
  const port = Number.parseInt(lines[3] ?? '', 10);
  return { pid, port: Number.isNaN(port) ? null : port };
}

/**
 * Makes a left-over postmaster.pid harmless; no server may be running. Postgres takes any process with the recorded
 * pid for a server, be it another program that was given the pid since or a zombie, and refuses to start. So the first
 * line is replaced by a pid that nobody can have. The file is not removed: the shared memory key in it is how Postgres
 * notices backends of a killed server that still write.
 */
export async function defuseStalePidFile(cluster: string): Promise<void> {
  const lines = await readPidFile(cluster);
  if (lines.length > 0) await writeFile(pidFile(cluster), [IMPOSSIBLE_PID, ...lines.slice(1)].join('\n'));
}

async function readPidFile(cluster: string): Promise<string[]> {
  try {
    return (await readFile(pidFile(cluster), 'utf8')).split('\n');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function pidFile(cluster: string): string {
  return join(cluster, 'postmaster.pid');
}
