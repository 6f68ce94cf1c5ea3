import { EXAMPLE_DATASETS } from '../../config/example-datasets.ts';
import type { Settings } from '../../config/settings.ts';
import { SluiceError } from '../../errors.ts';
import { HashingSource, type SourceHandle } from '../../formats/file-handle.ts';
import { GunzipSource } from '../../formats/gzip/gunzip-source.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import { isSupportedName } from '../identify/dataset-name.ts';
import { findDataset } from '../identify/find-dataset.ts';
import { type IdentifiedEntry, oneEntry } from '../identify/identified.ts';
import { identifyContent, type RawEntry, refuseBinary } from '../identify/identify-content.ts';
import { type Sample, sampleFile, sampleStream } from '../identify/sample.ts';
import type { Handler, NamedEntry } from './handler.ts';

/** Any `.csv`, `.tsv`, `.txt` or `.dat`, each also as `.gz`: one file, one load job. */
export const delimitedFile: Handler = {
  name: 'delimited file',
  isArchive: false,
  accepts: (file) => isSupportedName(file.name),
  identify: async (handle, file, { settings }) => oneEntry(await identify(handle, file, settings)),
  named,
};

function named(file: SourceFile, settings: Settings): NamedEntry {
  return {
    entryName: null,
    title: file.displayPath,
    compression: isGzip(file.name) ? 'gzip' : 'none',
    ...findDataset(file.name, settings.datasets, settings.examples ? EXAMPLE_DATASETS : []),
    folder: file.label,
    kind: 'delimited',
    correction: null,
  };
}

async function identify(
  handle: SourceHandle,
  file: SourceFile,
  settings: Settings,
): Promise<IdentifiedEntry> {
  const title = file.displayPath;
  if (handle.opened.size === 0) throw new SluiceError('FILE_EMPTY', { file: title });
  const entry = named(file, settings);
  const { compression, config } = entry;
  const sample = await takeSample(handle, compression, title);
  refuseBinary(sample, title);
  const content = await identifyContent({
    title,
    fileName: file.name,
    sample,
    overrides: config?.dialect,
    open: () => (compression === 'gzip' ? openGzip(handle, title) : openPlain(handle)),
  });
  return { ...entry, size: compression === 'none' ? handle.size : null, ...content };
}

function isGzip(name: string): boolean {
  return name.toLowerCase().endsWith('.gz');
}

async function takeSample(
  handle: SourceHandle,
  compression: IdentifiedEntry['compression'],
  name: string,
): Promise<Sample> {
  if (compression === 'none') return sampleFile(handle);
  const inflated = new GunzipSource(handle.sequential(), name);
  try {
    return await sampleStream(inflated);
  } finally {
    await inflated.close();
  }
}

/** The file's own bytes. */
export function openPlain(handle: SourceHandle): RawEntry {
  const bytes = handle.sequential();
  return {
    bytes,
    sizeHint: handle.opened.size,
    position: () => bytes.position,
    hashes: () => {
      const file = bytes.sha256();
      return { file, content: file };
    },
  };
}

function openGzip(handle: SourceHandle, title: string): RawEntry {
  const raw = handle.sequential();
  const bytes = HashingSource.over(new GunzipSource(raw, title));
  return {
    bytes,
    sizeHint: null,
    position: () => raw.position,
    hashes: () => ({ file: raw.sha256(), content: bytes.sha256() }),
  };
}
