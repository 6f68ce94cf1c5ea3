import picomatch from 'picomatch';
import { EXAMPLE_DATASETS } from '../../config/example-datasets.ts';
import type { Settings } from '../../config/settings.ts';
import { SluiceError } from '../../errors.ts';
import type { Archive, ArchiveEntry } from '../../formats/archive/archive.ts';
import { LimitedSource } from '../../formats/archive/limited-source.ts';
import { isArchiveName, openArchive, stripArchiveExtension } from '../../formats/archive/open-archive.ts';
import { compressionOf, unpacked } from '../../formats/compression.ts';
import type { Contents } from '../../formats/contents.ts';
import { HashingSource } from '../../formats/file-handle.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import { isSupportedName, nameFromStem } from '../identify/dataset-name.ts';
import { type FoundDataset, findDataset } from '../identify/find-dataset.ts';
import type { FailedEntry, IdentifiedEntry, IdentifiedFile, SkippedEntry } from '../identify/identified.ts';
import { footerLinesOf, identifyContent, type RawEntry, refuseBinary } from '../identify/identify-content.ts';
import { sampleStream } from '../identify/sample.ts';
import type { Handler } from './handler.ts';

/** An archive of delimited files: each is a load job, and is named as if it had been dropped by itself. */
export const archiveFile: Handler = {
  name: 'archive of delimited files',
  isArchive: true,
  accepts: (file) => isArchiveName(file.name),
  identify: (contents, file, { settings }) => identify(contents, file, settings),
};

async function identify(contents: Contents, file: SourceFile, settings: Settings): Promise<IdentifiedFile> {
  if (contents.size === 0) throw new SluiceError('FILE_EMPTY', { file: file.displayPath });
  const archive = await openArchive(await contents.whole(), settings.archiveLimits);
  // While samples are unpacked, which happens beside us.
  const hashed = contents.fileSha256();
  hashed.catch(() => {});
  const inside: Inside = { archive, file, settings, sha256: () => sha256 };
  let sha256 = '';
  const entries: IdentifiedEntry[] = [];
  const failed: FailedEntry[] = [];
  const skipped: SkippedEntry[] = [...archive.skipped];
  for (const entry of archive.entries) {
    if (isToSkip(entry.name, settings)) skipped.push({ name: entry.name, reason: 'as configured' });
    else {
      const found = await identifyEntry(inside, entry);
      if ('error' in found) failed.push(found);
      else entries.push(found);
    }
  }
  if (entries.length + failed.length === 0)
    throw new SluiceError('ARCHIVE_EMPTY', { file: file.displayPath, skipped: skipped.length });
  sha256 = await hashed;
  return { entries, failed, skipped, notes: [], anyOrder: archive.anyOrder, archiveSha256: sha256 };
}

/** An opened archive, and what its entries need to know of it. */
export interface Inside {
  readonly archive: Archive;
  readonly file: SourceFile;
  readonly settings: Settings;
  /** Of the archive; known when all entries have been identified. */
  sha256(): string;
}

export function isToSkip(name: string, { skipEntries }: Settings): boolean {
  return skipEntries.some((glob) =>
    picomatch.isMatch(name, glob, { basename: !glob.includes('/'), dot: true }),
  );
}

/** What concerns the entry alone comes back; what concerns the file or the machine is thrown. */
export async function identifyEntry(
  inside: Inside,
  entry: ArchiveEntry,
): Promise<IdentifiedEntry | FailedEntry> {
  const title = `${inside.file.displayPath}/${entry.name}`;
  let found: FoundDataset | null = null;
  try {
    const name = entry.name.slice(entry.name.lastIndexOf('/') + 1);
    if (entry.problem !== null) throw entry.problem;
    if (isArchiveName(name)) throw new SluiceError('ARCHIVE_NESTED', { file: title });
    refuseUnsupported(name, title);
    found = findDataset(name, inside.settings.datasets, inside.settings.examples ? EXAMPLE_DATASETS : []);
    return await identifyText(inside, { entry, name, title, found });
  } catch (error) {
    if (!(error instanceof SluiceError) || error.kind === 'transient' || error.code === 'FILE_VANISHED')
      throw error;
    return { entryName: entry.name, title, config: found?.config ?? null, error };
  }
}

function refuseUnsupported(name: string, title: string): void {
  if (isSupportedName(name)) return;
  const extension = /\.[^.]*$/.exec(name)?.[0] ?? 'no extension';
  throw new SluiceError('FILE_UNSUPPORTED', { file: title, extension });
}

export interface TextEntry {
  readonly entry: ArchiveEntry;
  /** Without folders. */
  readonly name: string;
  readonly title: string;
  readonly found: FoundDataset;
}

async function identifyText(inside: Inside, text: TextEntry): Promise<IdentifiedEntry> {
  const { entry, name, title, found } = text;
  if (entry.size === 0) throw new SluiceError('FILE_EMPTY', { file: title });
  const { bytes, sizeHint } = openText(inside, text);
  const sample = await sampleStream(bytes, sizeHint ?? undefined).finally(() => bytes.close());
  refuseBinary(sample, title);
  const content = await identifyContent({
    title,
    fileName: name,
    sample,
    overrides: found.config?.dialect,
    trailer: found.config?.complete?.trailer,
    footerLines: footerLinesOf(found.config),
    open: () => openText(inside, text),
  });
  return {
    ...{ entryName: entry.name, title, compression: 'none', kind: 'delimited', correction: null },
    ...found,
    businessDate: found.businessDate ?? nameFromStem(stripArchiveExtension(inside.file.name)).businessDate,
    folder: inside.file.label,
    size: entry.size,
    ...content,
  };
}

export function openText(inside: Inside, { entry, name, title }: Omit<TextEntry, 'found'>): RawEntry {
  const packed = inside.archive.open(entry);
  const compression = compressionOf(name);
  const limits = inside.settings.archiveLimits;
  const content =
    compression === 'none'
      ? packed
      : new LimitedSource(unpacked(compression, packed, title), limits, () => packed.position(), title);
  const bytes = HashingSource.over(content);
  return {
    bytes,
    sizeHint: compression === 'none' ? entry.size : null,
    position: () => packed.position(),
    hashes: () => ({ file: inside.sha256(), content: bytes.sha256() }),
  };
}
