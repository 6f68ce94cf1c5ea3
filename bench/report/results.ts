import type { Target } from '../cases.ts';

/** What one benchmark run found; `results.json`. */
export interface Results {
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly server: { readonly description: string; readonly settings: Readonly<Record<string, string>> };
  readonly rows: number;
  readonly runs: number;
  readonly cases: readonly CaseResult[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
}

export interface CaseResult {
  readonly name: string;
  readonly title: string;
  readonly linear: boolean;
  /** Bytes by time mean nothing. */
  readonly unsized?: boolean;
  /** The first is compared with the others. */
  readonly entrants: readonly EntrantResult[];
}

export interface EntrantResult {
  readonly contender: string;
  readonly files: number;
  readonly records: number;
  /** Bytes of records, after inflating. */
  readonly bytes: number;
  readonly target: Target | null;
  readonly status: EntrantStatus;
  /** Why it was not measured to the end; null when it was. */
  readonly reason: string | null;
  readonly runs: readonly Measurement[];
}

/**
 * `skipped`: something it needs is not installed. `unsupported`: it says itself that it does not read such files yet.
 * `failed`: it ended with an error, or what it loaded was wrong.
 */
export type EntrantStatus = 'measured' | 'skipped' | 'unsupported' | 'failed';

export interface Measurement {
  /** Of the whole process, from spawn to exit, unless the case says otherwise. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of all the server's processes; null when the server runs elsewhere. */
  readonly serverCpuSeconds: number | null;
  /** What everything else on the machine took from both meanwhile. */
  readonly otherCpuSeconds: number;
  readonly peakBytes: number;
}
