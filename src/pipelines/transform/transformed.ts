import type { SluiceError } from '../../errors.ts';

/** A model that is being made, or of which that has been rolled back. */
export interface ModelRun {
  /** With its schema, without quotes. */
  readonly table: string;
  readonly startedAt: Date;
  /** Parent tables of the datasets below it, in the same way. */
  readonly inputs: readonly string[];
  /** Why it was rolled back, when that was no fault of its own; null while it is being made. */
  readonly undone: string | null;
}

/** What became of one model in a transform. */
export interface TransformedModel {
  readonly model: string;
  readonly materialized: string;
  /**
   * `built`; `unchanged`: it was up to date; `waiting`: nothing of a dataset below it has been published yet;
   * `failed`; `skipped`: another model of its group failed, and the whole group was left as it was.
   */
  readonly status: 'built' | 'unchanged' | 'waiting' | 'failed' | 'skipped';
  /** Made from everything there is, not only from new runs. */
  readonly whole: boolean;
  readonly rowsInserted: number;
  readonly rowsUpdated: number;
  readonly rowsDeleted: number;
  /** Checks that do not hold and did not stop it. */
  readonly warnings: readonly string[];
  readonly seconds: number;
  readonly error: SluiceError | null;
}
