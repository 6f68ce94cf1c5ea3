import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Check, Finding, Patient } from './finding.ts';
import { findAstrayHeldFiles } from './held-files.ts';

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
    name: 'I4 held files',
    holds: 'every file in held/ waits for a decision, and every file that waits for one is there',
    find: findAstrayHeldFiles,
  },
  {
    name: 'I9 kept files',
    holds: 'every published file that is kept has the size it had when it was read',
    find: findChangedFiles,
  },
  {
    name: 'I10 reject files',
    holds: 'there is a reject file for every run with open rejects, to correct them by',
    find: findMissingRejectFiles,
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

/** One that is not there was moved or deleted by somebody, who may. */
async function findChangedFiles({ pool, settings }: Patient): Promise<Omit<Finding, 'check'>[]> {
  const { rows } = await pool.query<{ path: Buffer; subject: string; size: number; run_id: number }>(
    `select f.final_path_bytes as path, f.final_path as subject, f.size_bytes as size, f.run_id
       from sluice.source_file f
      where f.status = 'published' and f.outcome_done_at < now() - interval '1 minute' and f.removed_at is null
        and substring(f.final_path_bytes for length($1::bytea)) = $1
      order by f.file_id`,
    [Buffer.from(settings.importsDir + path.sep)],
  );
  const findings: Omit<Finding, 'check'>[] = [];
  for (const { path: file, subject, size, run_id } of rows) {
    const stats = await lstat(file).catch(() => null);
    if (stats === null || stats.size === size) continue;
    findings.push({
      subject,
      problem: `run ${run_id} has read ${size} bytes, and it has ${stats.size} now`,
      remedy:
        'Did its sender go on writing to it? Move it back to the imports folder: what it begins with is known, and the whole takes its place. Was it edited? Restore it, or `sluice replay` refuses it.',
    });
  }
  return findings;
}

/** What came encrypted has none. A correction that is under way may have taken it. */
async function findMissingRejectFiles({ pool, settings }: Patient): Promise<Omit<Finding, 'check'>[]> {
  const { rows } = await pool.query<{ subject: string; run_id: number; open: number }>(
    `select f.name as subject, r.run_id, count(*) as open
       from sluice.reject x
       join sluice.load_job l on l.load_id = x.load_id and l.status = 'published'
       join sluice.run r on r.run_id = x.run_id
       join sluice.source_file f on f.file_id = r.file_id
      where x.resolved_by is null and f.outcome_done_at < now() - interval '1 minute' and f.name !~* '\\.(gpg|pgp|asc)$'
        and not exists (select from sluice.source_file w where w.finished_at is null or w.outcome_done_at is null)
      group by 1, 2 order by 2`,
  );
  const names = await readdir(path.join(settings.exportsDir, 'rejects')).catch(() => [] as string[]);
  const there = new Set(names.map((name) => /\.(\d+)\.csv$/.exec(name)?.[1]));
  return rows
    .filter(({ run_id }) => !there.has(String(run_id)))
    .map(({ subject, run_id, open }) => ({
      subject,
      problem: `${open} rejects of run ${run_id} are open, and its reject file is gone`,
      remedy: `\`sluice rejects ${run_id}\` shows them as they stood in the file: make a file of the header and the corrected records in that order, and drop it as ${subject}.${run_id}.csv.`,
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
