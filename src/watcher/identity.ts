import type { BigIntStats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import type { SourceIdentity } from './settled-file.ts';

/** The identity in a stat result. */
export function identityOf(stats: BigIntStats): SourceIdentity {
  return { size: Number(stats.size), mtimeNs: stats.mtimeNs, inode: stats.ino, device: stats.dev };
}

/**
 * The identity of the regular file at `path` now, links not followed; null when there is none (vanished, or replaced by
 * something that is not a regular file). Other file system errors are thrown as they are.
 */
export async function lstatIdentity(path: Buffer): Promise<SourceIdentity | null> {
  const stats = await lstatIfThere(path);
  return stats?.isFile() ? identityOf(stats) : null;
}

/** `lstat`, or null when nothing is there. */
export async function lstatIfThere(path: Buffer): Promise<BigIntStats | null> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** True for the errors that mean: nothing is there any more. */
export function isGone(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** `ENOENT`, `EACCES`, …; undefined for anything that is not a system error. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
