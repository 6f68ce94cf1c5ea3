import { lstat, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Pool } from 'pg';
import type { KeepRule } from '../config/keep-rule.ts';
import { removeSidecars } from '../formats/sidecar/remove-sidecars.ts';
import type { Sidecars } from '../formats/sidecar/sidecars.ts';
import { type RemovableFile, recordRemoved, removableFiles } from '../ledger/removable-files.ts';
import { type Candidate, oldOnes } from './old-ones.ts';
import { type Removed, tryEach } from './try-each.ts';

export interface SourceFilesRequest {
  readonly pool: Pool;
  readonly importsDir: string;
  readonly sidecars: Sidecars;
  readonly plan: boolean;
  readonly signal: AbortSignal;
}

interface KeptFile extends Candidate {
  readonly file: RemovableFile;
}

/** Ledger rows that are brought up to date at a time. */
const PAGE = 500;

/**
 * Deletes old source files that the ledger has put into one of its own folders, with their sidecars, and notes that they
 * are gone. Files that it does not know, or that have changed since, stay.
 */
export async function removeSourceFiles(
  request: SourceFilesRequest,
  folder: 'processed' | 'failed',
  rule: KeepRule,
): Promise<Removed> {
  const { pool, importsDir, signal, plan } = request;
  const root = path.join(importsDir, folder);
  const there: KeptFile[] = [];
  const gone: number[] = [];
  for (const file of await removableFiles(pool, Buffer.from(root + path.sep))) {
    const stats = await lstat(file.path).catch(() => null);
    if (stats === null) gone.push(...file.fileIds);
    else if (stats.isFile() && stats.size === file.sizeBytes) {
      there.push({ file, bytes: stats.size, at: file.finishedAt });
    }
  }
  if (!plan && gone.length > 0) await recordRemoved(pool, gone);
  let needed = 0;
  const old = oldOnes(there, rule, ({ file }) => {
    if (file.neededFor !== null) needed++;
    return file.neededFor !== null;
  });
  if (plan) return { count: old.length, bytes: sum(old), needed, errors: [] };
  const removed = { count: 0, bytes: 0, needed, errors: [] as string[] };
  for (let at = 0; at < old.length && !signal.aborted; at += PAGE) {
    const page = await tryEach(old.slice(at, at + PAGE), ({ file }) => remove(file, request.sidecars));
    await recordRemoved(
      pool,
      page.done.flatMap(({ file }) => file.fileIds),
    );
    removed.count += page.done.length;
    removed.bytes += sum(page.done);
    removed.errors.push(...page.errors);
  }
  await removeEmptyFolders(old, root);
  return removed;
}

async function remove({ path: at }: RemovableFile, sidecars: Sidecars): Promise<void> {
  await unlink(at);
  await removeSidecars(sidecars, at);
}

/** Folders of days, and not the one that files are moved to today. */
async function removeEmptyFolders(removed: readonly KeptFile[], root: string): Promise<void> {
  const folders = new Set(removed.map(({ file }) => path.dirname(file.path.toString())));
  for (const folder of folders) {
    // One that is not empty stays.
    if (folder !== root && /^\d{4}-\d{2}-\d{2}$/.test(path.basename(folder)))
      await rmdir(folder).catch(() => undefined);
  }
}

function sum(files: readonly Candidate[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}
