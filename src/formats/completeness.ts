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

/** Something to read from at any position; an open file is one. */
export interface ReadsAt {
  read(
    buffer: Buffer<ArrayBuffer>,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number; readonly buffer: Buffer }>;
}
