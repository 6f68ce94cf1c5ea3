import type { BenchDatabase, Column } from '../database.ts';
import type { Command, Finished } from '../measure/run-command.ts';
import type { Programs } from '../programs.ts';

/** What a contender is given to load. */
export interface Input {
  /** Absolute paths. */
  readonly files: readonly string[];
  readonly bytes: number;
  readonly records: number;
  /** Every how many records one is bad; null when none is. */
  readonly faultEvery: number | null;
  /** What Sluice makes of the file without faults; the peers' table has the same. */
  readonly columns: readonly Column[];
  /** Sluice is told the types instead of finding them out. */
  readonly declared: boolean;
}

/** Where a contender works. */
export interface Stage {
  readonly database: BenchDatabase;
  readonly programs: Programs;
  /** A folder for its files, emptied before each run. */
  readonly folder: string;
  /** Ends whatever runs. */
  readonly signal: AbortSignal;
}

/** What the database says about a run. */
export type Verdict =
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong'; readonly reason: string }
  /** The contender says itself that it does not read such files yet. */
  | { readonly kind: 'unsupported'; readonly reason: string };

/** Somebody who can load a file. */
export interface Contender {
  readonly name: string;
  /** Takes much longer than others. */
  readonly slow?: boolean;
  /** Programs it cannot do without. */
  readonly needs: readonly (keyof Programs)[];
  /** Untimed: makes the target, and what a user would have ready. The database is empty. */
  prepare(stage: Stage, input: Input): Promise<void>;
  /** What is timed. */
  command(stage: Stage, input: Input): Command;
  verify(stage: Stage, input: Input, run: Finished): Promise<Verdict>;
  /** What is timed, when that is not the whole process. Asked before `verify`. */
  seconds?(stage: Stage, run: Finished): Promise<number>;
}
