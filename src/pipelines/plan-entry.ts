import type { Pool } from 'pg';
import { type PlanInput, planLoad } from './plan/plan-load.ts';
import type { LoadPlan } from './plan/run-plan.ts';
import { readTakenNames } from './tables/known-dataset.ts';

/** Plans one load job. Which names are taken is looked up only when a table has to be made. */
export async function planEntry(pool: Pool, input: Omit<PlanInput, 'taken'>): Promise<LoadPlan> {
  const plan = planLoad({ ...input, taken: new Set() });
  if (!plan.isNewVersion) return plan;
  const taken = await readTakenNames(pool, plan.dataset);
  for (const version of input.known?.versions ?? []) taken.add(version.tableName);
  return planLoad({ ...input, taken });
}
