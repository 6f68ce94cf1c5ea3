import { median, worstDeviation } from '../measure/statistics.ts';
import type { CaseResult, EntrantResult, Results } from './results.ts';

export const MEMORY_TARGET_BYTES = 256 * 1024 * 1024;
export const LINEARITY_TARGET = 0.1;
/** A machine with nothing else to do stays well below. */
const QUIET = 0.1;

/** One entrant's numbers, all derived from its runs. */
export interface Summary {
  readonly caseName: string;
  readonly contender: string;
  /** Null when it was not measured. */
  readonly times: Times | null;
  /** Its median by the first entrant's; null for that one itself. */
  readonly ratio: number | null;
  readonly targets: readonly Verdict[];
  /** `not supported yet`, `failed: …`; null when it was measured. */
  readonly note: string | null;
}

export interface Times {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly runs: number;
  /** 10^6 bytes of records per second; null where that means nothing. */
  readonly megabytesPerSecond: number | null;
  readonly cpuSeconds: number;
  readonly serverCpuSeconds: number | null;
  readonly otherCpuSeconds: number;
  /** The greatest of all runs. */
  readonly peakBytes: number;
}

export interface Verdict {
  readonly target: string;
  readonly met: boolean;
}

export function summarise(results: Results): Summary[] {
  return results.cases.flatMap((one) => one.entrants.map((entrant) => summariseEntrant(one, entrant)));
}

function summariseEntrant(one: CaseResult, entrant: EntrantResult): Summary {
  const times = timesOf(one, entrant);
  const ratio = ratioIn(one, entrant);
  const isSluice = entrant.contender.startsWith('sluice');
  const memory = isSluice && times !== null ? [memoryVerdict(times.peakBytes)] : [];
  return {
    caseName: one.name,
    contender: one.linear
      ? `${entrant.contender}, ${(entrant.bytes / 1e6).toFixed(0)} MB`
      : entrant.contender,
    times,
    ratio,
    targets: [...targetVerdict(entrant, times, ratio), ...memory],
    note: noteOf(entrant),
  };
}

export function timesOf({ unsized }: Pick<CaseResult, 'unsized'>, entrant: EntrantResult): Times | null {
  if (entrant.status !== 'measured' || entrant.runs.length === 0) return null;
  const seconds = entrant.runs.map((run) => run.seconds);
  const server = entrant.runs.flatMap((run) => run.serverCpuSeconds ?? []);
  return {
    median: median(seconds),
    least: Math.min(...seconds),
    most: Math.max(...seconds),
    runs: seconds.length,
    megabytesPerSecond: unsized === true ? null : entrant.bytes / 1e6 / median(seconds),
    cpuSeconds: median(entrant.runs.map((run) => run.cpuSeconds)),
    serverCpuSeconds: server.length === 0 ? null : median(server),
    otherCpuSeconds: median(entrant.runs.map((run) => run.otherCpuSeconds)),
    peakBytes: Math.max(...entrant.runs.map((run) => run.peakBytes)),
  };
}

function ratioIn(one: CaseResult, entrant: EntrantResult): number | null {
  const subject = one.entrants[0];
  if (one.linear || subject === undefined || subject === entrant) return null;
  const [ours, theirs] = [timesOf(one, subject), timesOf(one, entrant)];
  return ours === null || theirs === null ? null : theirs.median / ours.median;
}

function targetVerdict({ target }: EntrantResult, times: Times | null, ratio: number | null): Verdict[] {
  if (target === null || times === null) return [];
  if ('mostSeconds' in target) {
    return [{ target: `≤ ${target.mostSeconds} s`, met: times.median <= target.mostSeconds }];
  }
  if (ratio === null) return [];
  const aim = target.aim === undefined ? '' : ` (aim ${target.aim})`;
  return [{ target: `ratio ≥ ${target.atLeast}${aim}`, met: ratio >= target.atLeast }];
}

function memoryVerdict(peakBytes: number): Verdict {
  return { target: '≤ 256 MiB', met: peakBytes <= MEMORY_TARGET_BYTES };
}

function noteOf({ status, reason }: EntrantResult): string | null {
  if (status === 'measured') return null;
  return status === 'unsupported' ? `not supported yet (${reason})` : `${status}: ${reason}`;
}

/** How far the times of a linear case are from a line at most; null when it was not measured in three sizes. */
export function linearityOf(one: CaseResult): number | null {
  if (!one.linear) return null;
  const points = one.entrants.flatMap((entrant) => {
    const times = timesOf(one, entrant);
    return times === null ? [] : [{ x: entrant.bytes, y: times.median }];
  });
  return points.length < 3 ? null : worstDeviation(points);
}

/** The part of the machine's CPU time that other work took while anything was measured. */
export function disturbanceOf(results: Results): number {
  const runs = results.cases.flatMap((one) => one.entrants.flatMap((entrant) => entrant.runs));
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
  const other = runs.reduce((sum, run) => sum + run.otherCpuSeconds, 0);
  return seconds === 0 ? 0 : other / (seconds * results.machine.cores);
}

/** A sentence for results that a busy machine has spoilt; null when it was quiet. */
export function disturbanceNote(results: Results): string | null {
  const part = disturbanceOf(results);
  if (part < QUIET) return null;
  return `Indicative only: other work took ${(100 * part).toFixed(0)} % of the CPU time meanwhile.`;
}
