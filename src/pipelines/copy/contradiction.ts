import type { Block } from '../../formats/delimited/block-reader.ts';
import { RecordParser } from '../../formats/delimited/parse-record.ts';
import { recordsOf } from '../../formats/delimited/records.ts';
import { ColumnEvidence, type InferredType, joinTypes } from '../inference/infer-types.ts';
import type { CopyJob } from './copy-job.ts';

/**
 * Records contradict types that were only inferred. Not a failure: the file is planned again with wider types (I5).
 * Never leaves the pipeline.
 */
export class TypeContradiction extends Error {
  constructor(
    readonly jobNumber: number,
    /** Types that hold every value of the block, by column name. */
    readonly wider: ReadonlyMap<string, InferredType>,
  ) {
    super(`types to widen: ${[...wider].map(([column, type]) => `${column} to ${type}`).join(', ')}`);
  }
}

/** Inferred columns whose type does not hold a value of this block, with the type that does. */
export function findContradictions(job: CopyJob, block: Block): Map<string, InferredType> {
  const { plan, normalise } = job;
  const suspects = plan.columns.flatMap((column, at) =>
    column.origin === 'inferred' && column.type !== 'text' && !column.discarded
      ? [{ at, name: column.name, type: column.type as InferredType, evidence: new ColumnEvidence() }]
      : [],
  );
  const { dialect, rules } = normalise;
  const parser = new RecordParser(dialect);
  for (const span of recordsOf(block, rules)) {
    const { fields } = parser.parse(span.bytes);
    for (const { at, evidence } of suspects) {
      const field = fields?.[at];
      if (field !== undefined) evidence.observe(field, dialect.nullMarker);
    }
  }
  const wider = new Map<string, InferredType>();
  for (const { name, type, evidence } of suspects) {
    const needed = joinTypes(type, evidence.type ?? type);
    if (needed !== type) wider.set(name, needed);
  }
  return wider;
}
