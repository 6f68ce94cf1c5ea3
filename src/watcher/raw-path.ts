import { displayPath } from './display-path.ts';
import type { SettledFile, SourceIdentity } from './settled-file.ts';

const SLASH = Buffer.from('/');
const SLASH_BYTE = 0x2f;

/** The bytes of a path as a map key: one character per byte, so that invalid UTF-8 stays distinct. */
export function keyOf(path: Buffer): string {
  return path.toString('latin1');
}

export function joinRaw(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, SLASH, name]);
}

export function baseName(path: Buffer): Buffer {
  return path.subarray(path.lastIndexOf(SLASH_BYTE) + 1);
}

export function folderOf(path: Buffer): Buffer {
  return path.subarray(0, path.lastIndexOf(SLASH_BYTE));
}

/** `path` without `root` and the slash after it. */
export function relativeTo(root: Buffer, path: Buffer): Buffer {
  return path.subarray(root.length + 1);
}

/** What the watcher hands over for one file. */
export function settledFile(
  root: Buffer,
  path: Buffer,
  identity: SourceIdentity,
  incompleteReason: string | null,
): SettledFile {
  const relative = relativeTo(root, path);
  const name = baseName(relative);
  const label = relative.subarray(0, Math.max(0, relative.length - name.length - 1));
  return {
    path,
    relativePath: displayPath(relative),
    name: displayPath(name),
    label: label.length === 0 ? null : displayPath(label),
    identity,
    complete: incompleteReason === null,
    incompleteReason,
  };
}
