import { closeSync, constants, fstatSync, lstatSync, open, read } from 'node:fs';
import { promisify } from 'node:util';
import { type FileIdentity, identityOf, sameFile } from './file-handle.ts';
import { isOnLocalFileSystem } from './local-file-system.ts';

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const openFile = promisify(open);
const readFile = promisify(read);

/**
 * All bytes of a small file that is, after they have been read, just what it was when it settled (I9). Null when anything at all
 * is otherwise, or when the file lies on another machine: whoever wants to know what opens it by itself.
 */
export async function readUnchanged(path: Buffer, settled: FileIdentity): Promise<Buffer | null> {
  if (!(await isOnLocalFileSystem(path, settled.device))) return null;
  const fd = await openFile(path, OPEN_FLAGS).catch(() => null);
  if (fd === null) return null;
  try {
    const bytes = Buffer.allocUnsafe(settled.size);
    const { bytesRead } = await readFile(fd, bytes, 0, settled.size, 0);
    return bytesRead === settled.size && isStill(fd, path, settled) ? bytes : null;
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

/**
 * Asked at once: a file system that has just opened and read a file has this in memory, and a thread that has to be woken takes ten
 * times as long. One on another machine could make everybody wait, and is not read here.
 */
function isStill(fd: number, path: Buffer, settled: FileIdentity): boolean {
  const now = fstatSync(fd, { bigint: true });
  return (
    now.isFile() &&
    sameFile(identityOf(now), settled) &&
    sameFile(identityOf(lstatSync(path, { bigint: true })), settled)
  );
}
