import type { ColumnEvidence } from './column-evidence.ts';
import { explainType } from './explain-type.ts';
import { fitsType, typeOf } from './fits-type.ts';
import { type InferredType, joinTypes } from './join-types.ts';

export { ColumnEvidence } from './column-evidence.ts';
export { NO_VALUES } from './explain-type.ts';
export { fitsType } from './fits-type.ts';
export { INFERRED_TYPES, type InferredType, joinTypes } from './join-types.ts';

export interface Inference {
  readonly type: InferredType;
  /** One short sentence for people; `NO_VALUES` when the column held nothing but NULL. */
  readonly why: string;
}

/** The narrowest type that holds every value observed without loss; text when there was none. */
export function inferType(evidence: ColumnEvidence): Inference {
  return { type: evidence.type ?? 'text', why: explainType(evidence) };
}

/** `current` when it holds every value, else the narrowest type that holds them and what is there already. */
export function widenFor(current: InferredType, values: Iterable<string>): InferredType {
  let type = current;
  for (const value of values) {
    if (type === 'text') break;
    if (!fitsType(type, value)) type = joinTypes(type, typeOf(value));
  }
  return type;
}
