import { SluiceError } from '../../errors.ts';

/** The part of an archive that one entry takes. */
export interface Span {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Refuses entries that share their data: how a few kilobytes become petabytes, and two names one content. */
export function refuseOverlaps(spans: readonly Span[], archive: string): void {
  const inOrder = spans.toSorted((a, b) => a.start - b.start);
  for (const [at, span] of inOrder.entries()) {
    const before = inOrder[at - 1];
    if (before === undefined || span.start >= before.end) continue;
    throw new SluiceError('ENTRIES_OVERLAP', { file: archive, entry: span.name, other: before.name });
  }
}
