import { link, lstat, mkdir, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { type FileIdentity, identityOf, sameFile } from '../../formats/file-handle.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import { stepDone } from '../../steps.ts';

/**
 * Moves a source file into `folder` under its own name, or under `<stem>.<run id><extension>` when the name is taken;
 * never over another file. A file that is gone, or is no longer the one that was worked on, is left alone: null.
 * Doing it again after a crash half way ends the same.
 */
export async function moveFile(file: SourceFile, folder: string, runId: number): Promise<Buffer | null> {
  if (!(await isStill(file.path, file.identity))) return findMoved(file, folder, runId);
  await makeFolder(folder);
  for (const target of targets(file, folder, runId)) {
    if (target.equals(file.path)) return target;
    if (await moveTo(file, target)) return target;
  }
  throw new Error(`every name for ${file.displayPath} in ${folder} is taken`);
}

/** On a file system that cannot be written to Node gives the wrong reason, and a plain attempt the right one. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    let missing = folder;
    while ((await lstat(path.dirname(missing)).catch(() => null)) === null) missing = path.dirname(missing);
    await mkdir(missing);
    throw error;
  }
}

/** Moves a file back to where it came from; false when something else is there now. */
export async function moveBack(from: Buffer, target: Buffer): Promise<boolean> {
  await mkdir(target.subarray(0, target.lastIndexOf('/')), { recursive: true });
  if ((await lstat(target).catch(() => null)) !== null) return false;
  try {
    await link(from, target);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.has(code)) throw error;
    await rename(from, target);
    return true;
  }
  await unlink(from);
  return true;
}

/** True when the path still leads to the file that was worked on, and nobody has written to it since. */
export async function isStill(at: Buffer, identity: FileIdentity): Promise<boolean> {
  const stats = await lstat(at, { bigint: true }).catch(() => null);
  return stats?.isFile() === true && sameFile(identityOf(stats), identity);
}

/** It may have grown where it lies now: its sender still holds it open. */
async function findMoved(file: SourceFile, folder: string, runId: number): Promise<Buffer | null> {
  for (const target of targets(file, folder, runId)) if (await isItself(target, file.identity)) return target;
  return null;
}

async function isItself(at: Buffer, { inode, device }: FileIdentity): Promise<boolean> {
  const stats = await lstat(at, { bigint: true }).catch(() => null);
  if (stats?.isFile() !== true) return false;
  const found = identityOf(stats);
  return found.inode === inode && found.device === device;
}

function targets(file: SourceFile, folder: string, runId: number): Buffer[] {
  const name = file.path.subarray(file.path.lastIndexOf('/') + 1);
  const dot = name.indexOf('.', 1);
  const stem = dot < 0 ? name : name.subarray(0, dot);
  const extension = dot < 0 ? Buffer.alloc(0) : name.subarray(dot);
  const tag = Buffer.from(`.${runId}`);
  const room = 255 - tag.length - extension.length;
  const numbered = Buffer.concat([stem.subarray(0, Math.max(1, room)), tag, extension]);
  const prefix = Buffer.from(folder + path.sep);
  return [Buffer.concat([prefix, name]), Buffer.concat([prefix, numbered])];
}

/** A link fails when the target exists, which a rename does not; where links are not to be had, look before renaming. */
async function moveTo(file: SourceFile, target: Buffer): Promise<boolean> {
  try {
    await link(file.path, target);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') return (await isStill(target, file.identity)) && finishMove(file);
    if (!NO_LINKS.has(code ?? '')) throw error;
    if ((await lstat(target).catch(() => null)) !== null) return false;
    await rename(file.path, target);
    return true;
  }
  return finishMove(file);
}

const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES', 'EXDEV']);

async function finishMove(file: SourceFile): Promise<boolean> {
  stepDone('file linked', file.displayPath);
  await unlink(file.path);
  return true;
}
