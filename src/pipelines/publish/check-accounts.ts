import { SluiceError } from '../../errors.ts';
import type { LoadedJob } from '../load/loaded.ts';
import type { LoadPlan } from '../plan/run-plan.ts';

/** The last word before anything becomes visible: the accounts balance (I1), and rejects are within their limit. */
export function checkAccounts(plan: LoadPlan, loaded: LoadedJob, rowsLoaded: number): void {
  const { recordsRead: read, rowsSkipped: skipped, rejects } = loaded;
  const rejected = rejects.count;
  if (read !== rowsLoaded + rejected + skipped) {
    const facts = { file: plan.title, read, loaded: rowsLoaded, rejected, skipped };
    throw new SluiceError('ACCOUNTING_MISMATCH', facts);
  }
  rejects.checkLimit(read);
}
