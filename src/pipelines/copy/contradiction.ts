import type { CopyJob } from './copy-job.ts';
import { isNull, type ReadRecord } from './take-apart.ts';

/**
 * Records contradict types that were only inferred. Not a failure: the file is planned again with wider types (I5).
 * Never leaves the pipeline.
 */
export class TypeContradiction extends Error {
  constructor(readonly jobNumber: number) {
    super(`a value contradicts an inferred type in job ${jobNumber}`);
  }
}

/** Throws when a value among `doubtful` records does not fit its column, and the column's type was only inferred. */
export function refuseContradictions(job: CopyJob, doubtful: readonly ReadRecord[]): void {
  const guesses = job.fields.filter(({ checked, column }) => checked && column.origin === 'inferred');
  for (const { fields } of doubtful) {
    for (const { at, check } of guesses) {
      const field = fields?.[at];
      if (field === undefined || isNull(job, field) || check(field.value)) continue;
      throw new TypeContradiction(job.plan.jobNumber);
    }
  }
}
