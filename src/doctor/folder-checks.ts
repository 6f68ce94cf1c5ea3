import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Check, Finding, Patient } from './finding.ts';

/** Checks of the ledger against the folders. */
export const FOLDER_CHECKS: readonly Check[] = [
  {
    name: 'I4 outcomes',
    holds: 'every finished file has been moved and has its receipt',
    find: findUnfinishedOutcomes,
  },
  {
    name: 'I4 receipts',
    holds: 'there is a receipt for every file that was finished in the last day',
    find: findMissingReceipts,
  },
  {
    name: 'temporary files',
    holds: 'no half-written file lies in the exports folder',
    find: findTemporaryFiles,
  },
];

/** A receipt or move that is not done a minute after the commit. */
async function findUnfinishedOutcomes({ pool }: Patient): Promise<Omit<Finding, 'check'>[]> {
  const { rows } = await pool.query<{ path: string; status: string; run_id: number }>(
    `select path, status, run_id from sluice.source_file
      where finished_at < now() - interval '1 minute' and outcome_done_at is null order by file_id`,
  );
  return rows.map(({ path: subject, status, run_id }) => ({
    subject,
    problem: `run ${run_id} ended as ${status}, but the file is not moved or its receipt not written`,
    remedy: 'A running service tries every few seconds and says what hinders it; else start one.',
  }));
}

async function findMissingReceipts({ pool, settings }: Patient): Promise<Omit<Finding, 'check'>[]> {
  const { rows } = await pool.query<{ path: string; run_id: number }>(
    `select f.path, r.run_id from sluice.source_file f join sluice.run r on r.run_id = f.run_id
      where f.outcome_done_at > now() - interval '1 day' order by r.run_id`,
  );
  const names = await readdir(path.join(settings.exportsDir, 'receipts')).catch(() => [] as string[]);
  const there = new Set(names.map((name) => /\.(\d+)\.json$/.exec(name)?.[1]));
  return rows
    .filter(({ run_id }) => !there.has(String(run_id)))
    .map(({ path: subject, run_id }) => ({
      subject,
      problem: `the receipt of run ${run_id} is gone`,
      remedy: '`sluice runs` has what it said. Did somebody clear exports/receipts?',
    }));
}

const OLD_MS = 3_600_000;

async function findTemporaryFiles({ settings }: Patient): Promise<Omit<Finding, 'check'>[]> {
  const options = { withFileTypes: true, recursive: true } as const;
  const entries = await readdir(settings.exportsDir, options).catch(() => []);
  const findings: Omit<Finding, 'check'>[] = [];
  for (const entry of entries) {
    if (!/^\..*\.tmp$/.test(entry.name)) continue;
    const file = path.join(entry.parentPath, entry.name);
    const stats = await lstat(file).catch(() => null);
    if (stats === null || Date.now() - stats.mtimeMs < OLD_MS) continue;
    const subject = path.relative(settings.exportsDir, file);
    findings.push({ subject, problem: 'a write that was interrupted left it', remedy: 'Delete it.' });
  }
  return findings;
}
