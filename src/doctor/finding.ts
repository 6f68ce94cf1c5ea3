import type { Pool } from 'pg';
import type { Settings } from '../config/settings.ts';
import type { Sidecars } from '../formats/sidecar/sidecars.ts';

/** Something that is not as it should be. */
export interface Finding {
  /** Name of the check that found it. */
  readonly check: string;
  /** What it is about: a file, a run, a table. Safe to display. */
  readonly subject: string;
  readonly problem: string;
  /** How to mend it. */
  readonly remedy: string;
}

export interface Patient {
  readonly pool: Pool;
  readonly settings: Pick<Settings, 'importsDir' | 'exportsDir' | 'stagingSchema'>;
  /** What lies beside source files; the usual when it is not said. */
  readonly sidecars?: Pick<Sidecars, 'isSidecar'>;
}

/** One look at a database and its folders. Reads only. */
export interface Check {
  readonly name: string;
  /** What has to hold, in one sentence. */
  readonly holds: string;
  find(patient: Patient): Promise<Omit<Finding, 'check'>[]>;
}

/** A check that is one statement: each row it gives is a finding. `subject` and `problem` are columns of it. */
export function sqlCheck(
  name: string,
  holds: string,
  sql: string,
  remedy: string,
  values: (patient: Patient) => unknown[] = () => [],
): Check {
  return {
    name,
    holds,
    find: async (patient) => {
      const { rows } = await patient.pool.query<{ subject: string; problem: string }>(sql, values(patient));
      return rows.map(({ subject, problem }) => ({ subject, problem, remedy }));
    },
  };
}
