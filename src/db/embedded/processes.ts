import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { codeOf } from '../sqlstate.ts';

const onLinux = process.platform === 'linux';

/** A process that cannot be confused with a later one of the same pid. */
export interface ProcessRef {
  readonly pid: number;
  /** Boot and start time; opaque. */
  readonly started: string;
}

export function ownProcess(): ProcessRef {
  return { pid: process.pid, started: startOf(process.pid) ?? 'unknown' };
}

/** True while that very process lives. A zombie is dead: in a container without an init nobody ever reaps it. */
export function isAlive({ pid, started }: ProcessRef): boolean {
  return startOf(pid) === started;
}

/** Boot and start time of a live process, or null when there is none of this pid. */
export function startOf(pid: number): string | null {
  return onLinux ? startFromProc(pid) : startFromPs(pid);
}

function startFromProc(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The command name may hold spaces and parentheses; the state is the first field after its last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  if (state === 'Z' || state === 'X') return null;
  return `${readOrNull('/proc/sys/kernel/random/boot_id')?.trim()}:${fields[19]}`;
}

function startFromPs(pid: number): string | null {
  const [state, ...started] = ps(pid, 'state=,lstart=').trim().split(/\s+/);
  return state === undefined || state === '' || state.startsWith('Z') ? null : started.join(' ');
}

/** True when `pid` is a live Postgres server whose data folder is `cluster`. */
export function isPostgresOf(pid: number, cluster: string): boolean {
  if (startOf(pid) === null) return false;
  return onLinux ? isPostgresInProc(pid, cluster) : ps(pid, 'command=').includes(`-D ${cluster}`);
}

function isPostgresInProc(pid: number, cluster: string): boolean {
  if (readOrNull(`/proc/${pid}/comm`)?.trim() !== 'postgres') return false;
  return (
    worksIn(pid, cluster) || (readOrNull(`/proc/${pid}/cmdline`)?.split('\0').includes(cluster) ?? false)
  );
}

/** A server's working folder is its data folder, also after that was moved. */
function worksIn(pid: number, cluster: string): boolean {
  try {
    const [cwd, own] = [statSync(`/proc/${pid}/cwd`), statSync(cluster)];
    return cwd.ino === own.ino && cwd.dev === own.dev;
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return false;
  }
}

function ps(pid: number, format: string): string {
  try {
    return execFileSync('ps', ['-o', format, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    // ps exits with 1 when there is no such process.
    if (typeof error === 'object' && error !== null && 'status' in error && error.status === 1) return '';
    throw error;
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}
