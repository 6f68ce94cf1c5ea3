import type { ValueTransform } from './value-transform.ts';

/** One column as a dump's descriptor, or the catalogue of a source, has it. */
export interface DescribedColumn {
  /** As it stands there. */
  readonly name: string;
  /** Postgres type. */
  readonly type: string;
  /** What is done to its values first. */
  readonly transform: ValueTransform | null;
  /** The dataset leaves binary columns out. */
  readonly isDropped: boolean;
}
