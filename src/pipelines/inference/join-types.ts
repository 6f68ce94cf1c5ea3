/** Postgres types that a column can be given because of its values. */
export const INFERRED_TYPES = [
  'bigint',
  'numeric',
  'boolean',
  'date',
  'timestamp',
  'timestamptz',
  'uuid',
  'text',
] as const;

export type InferredType = (typeof INFERRED_TYPES)[number];

/** The narrowest type that holds every value of both without loss; text when there is no other. */
export function joinTypes(a: InferredType, b: InferredType): InferredType {
  if (a === b) return a;
  return holds(a, b) ?? holds(b, a) ?? 'text';
}

function holds(wide: InferredType, narrow: InferredType): InferredType | null {
  if (wide === 'numeric' && narrow === 'bigint') return wide;
  return wide === 'timestamp' && narrow === 'date' ? wide : null;
}
