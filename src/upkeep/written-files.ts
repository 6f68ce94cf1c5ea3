import { lstat, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Pool } from 'pg';
import type { KeepRule } from '../config/keep-rule.ts';
import { runsWithOpenRejects } from '../ledger/removable-files.ts';
import { type Candidate, oldOnes } from './old-ones.ts';
import { type Removed, tryEach } from './try-each.ts';

interface WrittenFile extends Candidate {
  readonly path: string;
}

const RECEIPT = /\.\d+\.json$/;
const REJECTS = /\.(\d+)\.(?:reasons\.)?csv$/;
const LOG = /^sluice-\d{4}-\d{2}-\d{2}(?:\.\d+)?\.log$/;
/** As `WholeFile` and exports name what they have not finished. */
const TEMPORARY = /^\.(?:[0-9a-f]{32}|sluice-export-[0-9a-f]+)\.tmp$/;

/** Deletes old receipts. What they said is in the ledger as long as that remembers the file. */
export async function removeReceipts(exportsDir: string, rule: KeepRule, plan: boolean): Promise<Removed> {
  return remove(await filesIn(path.join(exportsDir, 'receipts'), RECEIPT), rule, plan);
}

/** Deletes old reject files, but for those by which open rejects are to be corrected. */
export async function removeRejectFiles(
  pool: Pool,
  exportsDir: string,
  rule: KeepRule,
  plan: boolean,
): Promise<Removed> {
  const files = await filesIn(path.join(exportsDir, 'rejects'), REJECTS);
  const runOf = (file: WrittenFile) => Number(REJECTS.exec(file.path)?.[1]);
  const open = await runsWithOpenRejects(pool, files.map(runOf).filter(Number.isSafeInteger));
  return remove(files, rule, plan, (file) => open.has(runOf(file)));
}

/** Deletes old log files. The newest is being written to. */
export async function removeLogs(logsDir: string, rule: KeepRule, plan: boolean): Promise<Removed> {
  const files = await filesIn(logsDir, LOG);
  return remove(files, rule, plan);
}

const DAY_MS = 86_400_000;

/** Deletes what interrupted writes left in the exports folder a day ago or longer. */
export async function removeTemporaryFiles(exportsDir: string, plan: boolean): Promise<Removed> {
  const files = await filesIn(exportsDir, TEMPORARY, true);
  const old = files.filter(({ at }) => Date.now() - at.getTime() > DAY_MS);
  return removeAll(old, 0, plan);
}

async function remove(
  files: readonly WrittenFile[],
  rule: KeepRule,
  plan: boolean,
  isNeeded: (file: WrittenFile) => boolean = () => false,
): Promise<Removed> {
  let needed = 0;
  const old = oldOnes(files, rule, (file) => {
    const stays = isNeeded(file);
    if (stays) needed++;
    return stays;
  });
  return removeAll(old, needed, plan);
}

async function removeAll(files: readonly WrittenFile[], needed: number, plan: boolean): Promise<Removed> {
  const { done, errors }: { done: readonly WrittenFile[]; errors: string[] } = plan
    ? { done: files, errors: [] }
    : await tryEach(files, (file) => rm(file.path, { force: true }));
  const sum = done.reduce((total: number, { bytes }) => total + bytes, 0);
  return { count: done.length, bytes: sum, needed, errors };
}

async function filesIn(folder: string, pattern: RegExp, recursive = false): Promise<WrittenFile[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive }).catch(() => []);
  const files: WrittenFile[] = [];
  for (const entry of entries) {
    if (!entry.isFile() || !pattern.test(entry.name)) continue;
    const file = path.join(entry.parentPath, entry.name);
    const stats = await lstat(file).catch(() => null);
    if (stats !== null) files.push({ path: file, bytes: stats.size, at: stats.mtime });
  }
  return files;
}
