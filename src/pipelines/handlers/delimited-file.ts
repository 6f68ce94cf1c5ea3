import { EXAMPLE_DATASETS } from '../../config/example-datasets.ts';
import type { Settings } from '../../config/settings.ts';
import { SluiceError } from '../../errors.ts';
import { type Compression, compressionOf, unpacked } from '../../formats/compression.ts';
import type { Contents } from '../../formats/contents.ts';
import { HashingSource } from '../../formats/file-handle.ts';
import { type ExpectedRecords, expectedRecords } from '../../formats/sidecar/check-sidecars.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import { isSupportedName } from '../identify/dataset-name.ts';
import { findDataset } from '../identify/find-dataset.ts';
import { type IdentifiedEntry, oneEntry } from '../identify/identified.ts';
import { footerLinesOf, identifyContent, type RawEntry, refuseBinary } from '../identify/identify-content.ts';
import { type Sample, sampleContents, sampleStream } from '../identify/sample.ts';
import { sidecarsFor } from '../sidecars.ts';
import type { Handler, NamedEntry } from './handler.ts';

/** Any `.csv`, `.tsv`, `.txt` or `.dat`, each also as `.gz` or `.zst`: one file, one load job. */
export const delimitedFile: Handler = {
  name: 'delimited file',
  isArchive: false,
  accepts: (file) => isSupportedName(file.name),
  identify: async (contents, file, { settings }) => oneEntry(await identify(contents, file, settings)),
  named,
};

function named(file: SourceFile, settings: Settings): NamedEntry {
  const { dataset, config, businessDate, label } = findDataset(
    file.name,
    settings.datasets,
    settings.examples ? EXAMPLE_DATASETS : [],
  );
  return {
    entryName: null,
    title: file.displayPath,
    compression: compressionOf(file.name),
    ...{ dataset, config, businessDate, label },
    folder: file.label,
    kind: 'delimited',
    correction: null,
  };
}

async function identify(contents: Contents, file: SourceFile, settings: Settings): Promise<IdentifiedEntry> {
  const title = file.displayPath;
  if (contents.size === 0) throw new SluiceError('FILE_EMPTY', { file: title });
  const entry = named(file, settings);
  const { config } = entry;
  const compression = compressionOf(file.name);
  const expected = await expectedBeside(file.path, settings);
  const sample = await takeSample(contents, compression, title);
  refuseBinary(sample, title);
  const content = await identifyContent({
    title,
    fileName: file.name,
    sample,
    overrides: config?.dialect,
    trailer: config?.complete?.trailer,
    footerLines: footerLinesOf(config),
    open: () => ({
      ...(compression === 'none' ? openPlain(contents) : openCompressed(contents, compression, title)),
      expected,
    }),
  });
  return { ...entry, size: compression === 'none' ? contents.size : null, ...content };
}

/** What the control file says. That it is there was seen to when the file was taken. */
async function expectedBeside(path: Buffer, settings: Settings): Promise<ExpectedRecords | null> {
  const { control } = sidecarsFor(settings).rulesOf(path);
  const expected = control === null ? null : await expectedRecords(path, control);
  return typeof expected === 'string' ? null : expected;
}

async function takeSample(contents: Contents, compression: Compression, name: string): Promise<Sample> {
  if (compression === 'none') return sampleContents(contents);
  const content = unpacked(compression, contents.sequential(), name);
  try {
    return await sampleStream(content);
  } finally {
    await content.close();
  }
}

/** The file's own bytes. */
export function openPlain(contents: Contents): RawEntry {
  const bytes = contents.sequential();
  return {
    bytes,
    sizeHint: contents.size,
    position: () => bytes.position,
    hashes: () => ({ file: bytes.fileSha256(), content: bytes.sha256() }),
  };
}

function openCompressed(contents: Contents, compression: Compression, title: string): RawEntry {
  const raw = contents.sequential();
  const bytes = HashingSource.over(unpacked(compression, raw, title));
  return {
    bytes,
    sizeHint: null,
    position: () => raw.position,
    hashes: () => ({ file: raw.fileSha256(), content: bytes.sha256() }),
  };
}
