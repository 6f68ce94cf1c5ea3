import { readdirSync, readFileSync } from 'node:fs';

// Formats: proc(5). Ticks are 1/100 s to user space on every Linux architecture.
const TICKS_PER_SECOND = 100;

/** CPU seconds, user and system, of all children of a process that have ended and been waited for. */
export function cpuOfEndedChildren(pid: number | 'self'): number {
  const fields = statFields(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

/** CPU seconds of a process's children, those that have ended and those that live, without their own children. */
export function cpuOfChildren(pid: number): number {
  return cpuOfEndedChildren(pid) + childrenOf(pid).reduce((sum, child) => sum + cpuOf(child), 0);
}

function cpuOf(pid: number): number {
  const fields = statFields(readOr(`/proc/${pid}/stat`, ''));
  return fields.length < 13 ? 0 : (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** CPU seconds that the whole machine has spent working since it was started, what its host took from it included. */
export function cpuOfMachine(): number {
  const [user, nice, system, , , irq, softirq, steal] = machineTicks();
  const busy = [user, nice, system, irq, softirq, steal];
  return busy.reduce((sum: number, ticks) => sum + (ticks ?? 0), 0) / TICKS_PER_SECOND;
}

function machineTicks(): number[] {
  const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? '';
  return line.split(/ +/).slice(1).map(Number);
}

/** Fields of /proc/PID/stat from `state` (third in proc(5)) on; the name before it may contain spaces and brackets. */
export function statFields(text: string): string[] {
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Process id of the parent, when the process is called `name`; else null. */
export function parentOf(pid: number, name: string): number | null {
  const text = readOr(`/proc/${pid}/stat`, '');
  return text.includes(`(${name})`) ? Number(statFields(text)[1]) : null;
}

/** Greatest resident size so far in bytes; null when the process has ended. */
export function peakMemory(pid: number): number | null {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readOr(`/proc/${pid}/status`, ''));
  return found === null ? null : Number(found[1]) * 1024;
}

/** A process and all its descendants that live now. */
export function processTree(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(processTree)];
}

function childrenOf(pid: number): number[] {
  const lists = threadsOf(pid).map((thread) => readOr(`/proc/${pid}/task/${thread}/children`, ''));
  return lists.join(' ').split(' ').filter(Boolean).map(Number);
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Processes end while they are looked at. */
function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fallback;
  }
}
