/** Whether a file is all there, as far as its format can tell. */
export interface Completeness {
  readonly complete: boolean;
  /** What is missing, in words; null when complete. */
  readonly reason: string | null;
}

export const COMPLETE: Completeness = { complete: true, reason: null };

export function incomplete(reason: string): Completeness {
  return { complete: false, reason };
}
