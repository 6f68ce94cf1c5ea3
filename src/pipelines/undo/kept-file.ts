import { lstat } from 'node:fs/promises';
import { SluiceError } from '../../errors.ts';
import { type FileIdentity, SourceHandle } from '../../formats/file-handle.ts';
import { hashPrefixes } from '../../formats/hash-prefixes.ts';
import type { KeptSource } from '../../ledger/kept-files.ts';

/**
 * Makes sure that the kept source file of a run is what the run has read, and gives its state of now. The content decides: a file
 * that was touched, or put back from a copy, is the same.
 *
 * @throws RUN_WAS_PULLED when there never was a file; KEPT_FILE_MISSING, KEPT_FILE_REMOVED, KEPT_FILE_CHANGED
 */
export async function identifyKept(source: KeptSource, run: number): Promise<FileIdentity> {
  const { path, displayPath, removedAt, origin } = source;
  if (origin === 'pull') throw new SluiceError('RUN_WAS_PULLED', { run, file: displayPath });
  const there = await lstat(path).catch(() => null);
  if (there === null && removedAt !== null) {
    const date = removedAt.toISOString().slice(0, 10);
    throw new SluiceError('KEPT_FILE_REMOVED', { run, path: displayPath, date });
  }
  if (there === null) throw new SluiceError('KEPT_FILE_MISSING', { run, path: displayPath });
  const handle = await SourceHandle.open(path, displayPath);
  try {
    await refuseChanged(handle, source, run);
    return handle.opened;
  } finally {
    await handle.close();
  }
}

async function refuseChanged(handle: SourceHandle, source: KeptSource, run: number): Promise<void> {
  const facts = { run, path: source.displayPath };
  const { size } = handle.opened;
  if (size !== source.size) {
    throw new SluiceError('KEPT_FILE_CHANGED', { ...facts, reason: `${size} bytes, not ${source.size}` });
  }
  const found = source.sha256 === null ? null : (await hashPrefixes(handle, [size])).get(size);
  if (found === source.sha256) return;
  throw new SluiceError('KEPT_FILE_CHANGED', { ...facts, reason: 'its SHA-256 differs' });
}
