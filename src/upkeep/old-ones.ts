import type { KeepRule } from '../config/keep-rule.ts';

/** Something that could be deleted. */
export interface Candidate {
  readonly bytes: number;
  /** When it came to lie where it lies. */
  readonly at: Date;
}

const DAY_MS = 86_400_000;
/** Whatever the size: files are looked at for a day after their end, and doctor looks for the receipts of a day. */
const LEAST_MS = 2 * DAY_MS;

/** True when there is anything that the rule could ask to be deleted. */
export function isLimited({ days, bytes }: KeepRule): boolean {
  return days !== null || bytes !== null;
}

/**
 * What a rule asks to be deleted: all that is older, and the oldest of the rest until it is no more than allowed. `needed`
 * is counted and never chosen.
 */
export function oldOnes<T extends Candidate>(
  candidates: readonly T[],
  rule: KeepRule,
  needed: (candidate: T) => boolean,
  now = Date.now(),
): T[] {
  let left = candidates.reduce((sum, { bytes }) => sum + bytes, 0);
  return [...candidates]
    .sort((a, b) => a.at.getTime() - b.at.getTime())
    .filter((candidate) => {
      const age = now - candidate.at.getTime();
      const isOld = rule.days !== null && age > rule.days * DAY_MS;
      const isTooMuch = rule.bytes !== null && left > rule.bytes && age > LEAST_MS;
      if (!(isOld || isTooMuch) || needed(candidate)) return false;
      left -= candidate.bytes;
      return true;
    });
}
