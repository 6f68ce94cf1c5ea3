import { ColumnEvidence, type InferredType, joinTypes } from '../inference/infer-types.ts';
import type { CopyJob } from './copy-job.ts';
import type { ReadRecord } from './take-apart.ts';

/**
 * Records contradict types that were only inferred. Not a failure: the file is planned again with wider types (I5).
 * Never leaves the pipeline.
 */
export class TypeContradiction extends Error {
  constructor(
    readonly jobNumber: number,
    /** Types that hold every value seen, by column name. */
    readonly wider: ReadonlyMap<string, InferredType>,
  ) {
    super(`types to widen: ${[...wider].map(([column, type]) => `${column} to ${type}`).join(', ')}`);
  }
}

/** Throws when a value among `doubtful` records does not fit its column, and the column's type was only inferred. */
export function refuseContradictions(job: CopyJob, doubtful: readonly ReadRecord[]): void {
  const wider = new Map<string, InferredType>();
  for (const { at, column, checked } of job.fields) {
    if (!checked || column.origin !== 'inferred') continue;
    const evidence = new ColumnEvidence();
    for (const { fields } of doubtful) {
      const field = fields?.[at];
      if (field !== undefined) evidence.observe(field, job.dialect.nullMarker);
    }
    const type = column.type as InferredType;
    const needed = joinTypes(type, evidence.type ?? type);
    if (needed !== type) wider.set(column.name, needed);
  }
  if (wider.size > 0) throw new TypeContradiction(job.plan.jobNumber, wider);
}
