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
  const names = targets(file, folder, runId);
  if (names.some((name) => name.equals(file.path)))
    return (await isStill(file.path, file.identity)) ? file.path : null;
  const aside = asideOf(Buffer.from(folder), file);
  if (!(await takeAside(file, folder, aside))) return findMoved(file, names);
  for (const name of names) if (await nameAnew(file, aside, name)) return name;
  throw new Error(`every name for ${file.displayPath} in ${folder} is taken`);
}

/** Deletes a source file; one that is gone, or is no longer the one that was worked on, is left alone. */
export async function deleteFile(file: SourceFile): Promise<void> {
  const aside = asideOf(file.path.subarray(0, file.path.lastIndexOf('/')), file);
  if (await takeAside(file, null, aside)) await unlink(aside);
}

/** Found again after a crash by its name, which nobody else uses; no watcher looks at it. */
function asideOf(folder: Buffer, { fileId }: SourceFile): Buffer {
  return Buffer.concat([folder, Buffer.from(`${path.sep}.sluice-moving-${fileId}`)]);
}

/**
 * Takes the file away from where its sender may put another over it at any moment: what was looked at there and what is
 * moved or deleted a moment later need not be the same. So it is first given a name of our own, and looked at under that. What turns
 * out to be another is put back. False when there is nothing of ours.
 */
async function takeAside(file: SourceFile, folder: string | null, aside: Buffer): Promise<boolean> {
  if ((await lstat(aside).catch(() => null)) === null) {
    if (!(await isStill(file.path, file.identity))) return false;
    if (folder !== null) await makeFolder(folder);
    if (!(await renameIfThere(file.path, aside))) return false;
    stepDone('file set aside', file.displayPath);
  }
  return (await isItself(aside, file.identity)) || backTo(aside, file.path);
}

async function renameIfThere(from: Buffer, to: Buffer): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Something beside a source file that goes where that goes. */
export interface Beside {
  readonly at: Buffer;
  readonly target: Buffer;
  /** What it is given as a name meanwhile; nobody else uses it. */
  readonly aside: Buffer;
  /** Its state before the source file was moved; null when nothing was there, or not what belongs to that file. */
  readonly seen: FileIdentity | null;
}

/** The state of what lies at a path, unless it is no regular file. */
export async function seenAt(at: Buffer): Promise<FileIdentity | null> {
  const stats = await lstat(at, { bigint: true }).catch(() => null);
  return stats?.isFile() === true ? identityOf(stats) : null;
}

/**
 * Moves what lies beside a file, never over another. It is first given a name of our own, and looked at under that: what its sender has put in its
 * place for the next delivery goes back. Done again after a crash half way, it goes on.
 */
export async function moveBeside({ at, target, aside, seen }: Beside): Promise<boolean> {
  const there = await seenAt(aside);
  if (there === null) {
    if (seen === null || !(await renameIfThere(at, aside))) return false;
    const taken = await seenAt(aside);
    if (taken === null || !sameFile(taken, seen)) return backTo(aside, at);
  }
  if (await moveBack(aside, target)) return true;
  // Moved before a crash, all but its other name.
  const [ours, moved] = [await seenAt(aside), await seenAt(target)];
  if (ours === null || moved === null || !sameFile(ours, moved)) return backTo(aside, at);
  await unlink(aside);
  return true;
}

/** Where a newer one lies by now, its sender has put that over the one that is here. */
async function backTo(aside: Buffer, at: Buffer): Promise<false> {
  if (!(await moveBack(aside, at))) await unlink(aside);
  return false;
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

/** The state that a file is in now, whoever has written to it; the known one when another lies there, or none. */
export async function stateNow(at: Buffer, known: FileIdentity): Promise<FileIdentity> {
  const stats = await lstat(at, { bigint: true }).catch(() => null);
  return stats?.isFile() === true && (await isItself(at, known)) ? identityOf(stats) : known;
}

/** It may have grown where it lies now: its sender still holds it open. */
async function findMoved(file: SourceFile, names: readonly Buffer[]): Promise<Buffer | null> {
  for (const name of names) if (await isItself(name, file.identity)) return name;
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
async function nameAnew(file: SourceFile, aside: Buffer, target: Buffer): Promise<boolean> {
  try {
    await link(aside, target);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') return (await isItself(target, file.identity)) && finishMove(file, aside);
    if (!NO_LINKS.has(code ?? '')) throw error;
    if ((await lstat(target).catch(() => null)) !== null) return false;
    await rename(aside, target);
    return true;
  }
  return finishMove(file, aside);
}

const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES', 'EXDEV']);

async function finishMove(file: SourceFile, aside: Buffer): Promise<boolean> {
  stepDone('file linked', file.displayPath);
  await unlink(aside);
  return true;
}
