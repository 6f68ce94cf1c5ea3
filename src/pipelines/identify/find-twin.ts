import type { Pool } from 'pg';
import { SluiceError } from '../../errors.ts';
import type { SourceHandle } from '../../formats/file-handle.ts';
import { findPublishedArchive, findPublishedTwin, hasPublishedSize } from '../../ledger/published.ts';
import type { IdentifiedEntry, IdentifiedFile } from './identified.ts';

/**
 * Refuses a file whose bytes have been published already, before any work is done on it. Hashing ahead is only worth
 * it when a published file has the same size. What slips through (two copies at once, the same content compressed
 * differently, a table of a source) is caught by the ledger's unique index when it is published.
 */
export async function refuseTwin(
  pool: Pool,
  handle: SourceHandle | null,
  entry: IdentifiedEntry,
  replaced: readonly number[],
): Promise<void> {
  if (handle === null) return;
  if (entry.compression !== 'none' || !(await hasPublishedSize(pool, handle.opened.size))) return;
  await refusePublished(pool, await handle.fileSha256(), entry, replaced);
}

/** Refuses an archive that has been published whole, each entry into the dataset it would go into now. */
export async function refuseSameArchive(
  pool: Pool,
  identified: IdentifiedFile,
  file: string,
  replaced: readonly number[],
): Promise<void> {
  const { archiveSha256: sha256, entries, failed } = identified;
  if (sha256 === null || failed.length > 0) return;
  const parts = entries.map(({ entryName: entry, dataset, kind, label, folder }) => ({
    ...{ entry, dataset },
    version: kind === 'dump' ? { label, folder } : null,
  }));
  const twin = await findPublishedArchive(pool, sha256, parts, replaced);
  if (twin === null || replaced.includes(twin.runId)) return;
  const dataset = [...new Set(entries.map((entry) => entry.dataset))].join(', ');
  const facts = { file, original: twin.fileName, run: twin.runId, dataset, sha256 };
  throw new SluiceError('ALREADY_PUBLISHED', facts);
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
