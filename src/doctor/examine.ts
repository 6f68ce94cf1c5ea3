import type { Check, Finding, Patient } from './finding.ts';
import { FOLDER_CHECKS } from './folder-checks.ts';
import { LEDGER_CHECKS } from './ledger-checks.ts';
import { TABLE_CHECKS } from './table-checks.ts';

/**
 * Everything `sluice doctor` looks at. The statements are its own and share nothing with what they check. Running
 * loads do not disturb it: what is unfinished is passed over.
 */
export const CHECKS: readonly Check[] = [...LEDGER_CHECKS, ...TABLE_CHECKS, ...FOLDER_CHECKS];

export interface Examination {
  readonly check: string;
  readonly holds: string;
  readonly findings: readonly Finding[];
}

/** Runs every check, one after the other, and gives what each found. */
export async function examine(patient: Patient): Promise<Examination[]> {
  const examinations: Examination[] = [];
  for (const { name: check, holds, find } of CHECKS) {
    const findings = (await find(patient)).map((finding) => ({ check, ...finding }));
    examinations.push({ check, holds, findings });
  }
  return examinations;
}
