import type { Pool } from 'pg';
import { SluiceError } from '../../errors.ts';
import type { SourceHandle } from '../../formats/file-handle.ts';
import { findPublishedTwin, hasPublishedSize } from '../../ledger/published.ts';
import type { IdentifiedEntry } from './identified.ts';

const CHUNK_BYTES = 1024 * 1024;

/**
 * Refuses a file whose bytes have been published already, before any work is done on it. Hashing ahead is only worth
 * it when a published file has the same size. What slips through (two copies at once, the same content compressed
 * differently) is caught by the ledger's unique index when it is published.
 */
export async function refuseTwin(
  pool: Pool,
  handle: SourceHandle,
  entry: IdentifiedEntry,
  replaced: readonly number[],
): Promise<void> {
  if (entry.compression !== 'none' || !(await hasPublishedSize(pool, handle.opened.size))) return;
  await refusePublished(pool, await hashFile(handle), entry, replaced);
}

/** Refuses content that has been published already, other than by the runs that are about to be replaced. */
export async function refusePublished(
  pool: Pool,
  sha256: string,
  entry: TwinSubject,
  replaced: readonly number[],
): Promise<void> {
  const derived = entry.config === null;
  const twin = await findPublishedTwin(pool, { sha256, dataset: entry.dataset, derived, replaced });
  if (twin === null) return;
  throw new SluiceError('ALREADY_PUBLISHED', {
    file: entry.title,
    original: twin.fileName,
    run: twin.runId,
    dataset: twin.dataset,
    sha256,
  });
}

export type TwinSubject = Pick<IdentifiedEntry, 'title' | 'dataset' | 'config'>;

async function hashFile(handle: SourceHandle): Promise<string> {
  const source = handle.sequential();
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  while ((await source.read(buffer, 0)) > 0);
  return source.sha256();
}
