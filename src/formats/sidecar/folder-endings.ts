import { readdir } from 'node:fs/promises';

/** So many files of a folder that listing it costs less than asking for what may lie beside each. */
const MANY = 16;

/**
 * Lists the folders that hold many of these files. False for a path of which that shows that nothing lies there: no file
 * of its folder has its ending. (Of names more than the ending is not told apart as bytes on every file system.)
 */
export async function folderEndings(paths: readonly Buffer[]): Promise<(path: Buffer) => boolean> {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(folderOf(path), (counts.get(folderOf(path)) ?? 0) + 1);
  const listed = new Map<string, ReadonlySet<string>>();
  for (const [folder, count] of counts) {
    const names = count < MANY ? null : await namesIn(folder);
    if (names !== null) listed.set(folder, new Set(names.map(endingOf)));
  }
  return (path) => listed.get(folderOf(path))?.has(endingOf(path)) ?? true;
}

function namesIn(folder: string): Promise<Buffer[] | null> {
  return readdir(Buffer.from(folder, 'latin1'), { encoding: 'buffer' }).catch(() => null);
}

/** One character a byte: paths need not be text. */
function folderOf(path: Buffer): string {
  return path.toString('latin1', 0, path.lastIndexOf('/') + 1);
}

function endingOf(path: Buffer): string {
  return path.toString('latin1', path.lastIndexOf('.') + 1).toLowerCase();
}
