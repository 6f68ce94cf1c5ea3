import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { COMPLETE, type Completeness } from '../formats/completeness.ts';
import { type Compression, compressionOf } from '../formats/compression.ts';
import { gzipCompleteness } from '../formats/gzip/is-complete.ts';
import { isEncryptedName } from '../formats/openpgp/encrypted-name.ts';
import { openpgpCompleteness } from '../formats/openpgp/is-complete.ts';
import { tarCompleteness } from '../formats/tar/is-complete.ts';
import { zipCompleteness } from '../formats/zip/is-complete.ts';
import { zstdCompleteness } from '../formats/zstd/is-complete.ts';
import { identityOf } from './identity.ts';
import type { ObservedFile } from './observed-files.ts';
import { baseName } from './raw-path.ts';
import { sameIdentity } from './settled-file.ts';

type Check = (handle: FileHandle, size: number, signal: AbortSignal) => Promise<Completeness>;

/** Inflating this much takes some milliseconds; more has to happen beside the others. */
const QUICK_GZIP_BYTES = 256 * 1024;
/** Some programs write a header for every 8 KB. */
const QUICK_OPENPGP_BYTES = 32 * 1024 * 1024;
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** True when checking this file takes long enough to hold up others. */
export function isSlowToCheck(file: ObservedFile): boolean {
  const check = checkFor(file.path);
  if (check === openpgpCompleteness) return file.identity.size > QUICK_OPENPGP_BYTES;
  return check === gzipCompleteness && file.identity.size > QUICK_GZIP_BYTES;
}

/**
 * Whether the file is complete as far as its format, known by the name's ending, can tell; null when it is not the observed
 * one any more. A file that cannot be opened or read counts as complete: whoever loads it meets the same error and reports it.
 *
 * The caller has just seen by `lstat` that it is a regular file; should it be swapped for a link or a FIFO since then,
 * opening neither follows nor blocks.
 *
 * @throws AbortError when `signal` fires
 */
export async function checkCompleteness(
  file: ObservedFile,
  signal: AbortSignal,
): Promise<Completeness | null> {
  const check = checkFor(file.path);
  if (check === null) return COMPLETE;
  const handle = await open(file.path, OPEN_FLAGS).catch(() => undefined);
  if (handle === undefined) return COMPLETE;
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile() || !sameIdentity(identityOf(stats), file.identity)) return null;
    return await check(handle, file.identity.size, signal);
  } catch {
    signal.throwIfAborted();
    return COMPLETE;
  } finally {
    await handle.close();
  }
}

const OF_COMPRESSION: Readonly<Record<Compression, Check | null>> = {
  none: null,
  gzip: gzipCompleteness,
  zstd: zstdCompleteness,
};

function checkFor(path: Buffer): Check | null {
  const name = baseName(path).toString('latin1').toLowerCase();
  if (isEncryptedName(name)) return openpgpCompleteness;
  if (name.endsWith('.zip')) return zipCompleteness;
  if (name.endsWith('.tar')) return tarCompleteness;
  return OF_COMPRESSION[compressionOf(name)];
}
