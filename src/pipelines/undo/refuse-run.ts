import { SluiceError } from '../../errors.ts';
import type { RunState } from '../../ledger/find-run.ts';

/** Refuses a run of which nothing is in staging, each state with an error of its own. */
export function refuseUnpublished(run: RunState): void {
  const { runId, fileName: file, status, corrects, supersededBy } = run;
  const facts = { run: runId, file, status };
  if (status === 'retracted') throw new SluiceError('RUN_RETRACTED', facts);
  if (status === 'superseded') throw new SluiceError('RUN_SUPERSEDED', { ...facts, by: supersededBy });
  if (status !== 'published') throw new SluiceError('RUN_NOT_PUBLISHED', facts);
  if (corrects !== null) throw new SluiceError('RUN_IS_CORRECTION', { ...facts, corrects });
}
