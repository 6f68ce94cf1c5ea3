import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { PoolClient } from 'pg';
import { readComplete } from '../../ledger/export-increments.ts';
import { temporaryOf } from '../../whole-file.ts';
import type { ExportSettings } from './export-job.ts';
import { lockOfTemporary, tryLock } from './holding.ts';
import { TEMPORARY_PREFIX } from './write-export.ts';

const OURS = /^\.sluice-export-[0-9a-f]{32}\.tmp$/;
/** A process on another database has locks that are not seen here; while it writes, its file is younger. */
const ABANDONED_MS = 60_000;

/**
 * Deletes what a crash left half written under temporary names of our own: in EXPORTS_DIR, and where the exports of the
 * configuration go. What another process is writing is locked, and what was complete is kept to be given its name.
 */
export async function sweepTemporaries(session: PoolClient, settings: ExportSettings): Promise<void> {
  const found = (await Promise.all(foldersOf(settings).map(temporariesIn))).flat();
  if (found.length === 0) return;
  const complete = await readComplete(session, null);
  const kept = new Set(complete.map(({ file }) => temporaryOf(file, TEMPORARY_PREFIX)));
  for (const temporary of found) {
    const isFree = !kept.has(temporary) && (await tryLock(session, lockOfTemporary(temporary)));
    if (isFree) await rm(temporary, { force: true });
  }
}

function foldersOf({ exportsDir, exports }: ExportSettings): string[] {
  const named = exports.map(({ file = '' }) => path.dirname(path.resolve(exportsDir, file)));
  return [...new Set([path.resolve(exportsDir), ...named])].filter((folder) => !folder.includes('{'));
}

async function temporariesIn(folder: string): Promise<string[]> {
  // A folder that is not there, or cannot be read, has nothing that could be deleted.
  const names = await readdir(folder).catch(() => []);
  const ours = names.filter((name) => OURS.test(name)).map((name) => path.join(folder, name));
  const ages = await Promise.all(ours.map((file) => stat(file).catch(() => null)));
  const limit = Date.now() - ABANDONED_MS;
  return ours.filter((_, at) => (ages[at]?.mtimeMs ?? limit) < limit);
}
