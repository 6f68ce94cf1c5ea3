import { messageOf, SluiceError } from '../../errors.ts';

/** What refers to rows or segments stops their removal; nothing is dropped along. */
export function asBlocked(error: unknown, run: number): SluiceError {
  const { detail } = error as { detail?: string };
  const reason = [messageOf(error), detail].filter(Boolean).join(': ').replaceAll('\n', '; ');
  return new SluiceError('RETRACT_BLOCKED', { run, reason }, error);
}
