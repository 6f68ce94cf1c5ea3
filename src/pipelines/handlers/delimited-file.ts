import type { Settings } from '../../config/settings.ts';
import { SluiceError } from '../../errors.ts';
import { detectDialect, looksBinary } from '../../formats/delimited/detect-dialect.ts';
import { isUtf16, Utf16Source } from '../../formats/delimited/utf16-source.ts';
import type { SourceHandle } from '../../formats/file-handle.ts';
import { GunzipSource } from '../../formats/gzip/gunzip-source.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import { isSupportedName } from '../identify/dataset-name.ts';
import { findDataset } from '../identify/find-dataset.ts';
import type { IdentifiedEntry } from '../identify/identified.ts';
import { type Sample, sampleFile, sampleStream } from '../identify/sample.ts';
import { sampleRecords } from '../identify/sample-records.ts';
import type { Handler, OpenedEntry } from './handler.ts';

/** Any `.csv`, `.tsv`, `.txt` or `.dat`, each also as `.gz`: one file, one load job. */
export const delimitedFile: Handler = {
  name: 'delimited file',
  accepts: (file) => isSupportedName(file.name),
  identify: async (handle, file, { settings }) => [await identify(handle, file, settings)],
  open,
};

async function identify(
  handle: SourceHandle,
  file: SourceFile,
  settings: Settings,
): Promise<IdentifiedEntry> {
  const title = file.displayPath;
  if (handle.opened.size === 0) throw new SluiceError('FILE_EMPTY', { file: title });
  const found = findDataset(file.name, settings.datasets);
  const compression = isGzip(file.name) ? 'gzip' : 'none';
  const sample = await takeSample(handle, compression, title);
  if (looksBinary(sample.head)) throw new SluiceError('FILE_BINARY', { file: title });
  const detected = detectDialect(sample.head, {
    complete: sample.whole,
    fileName: file.name,
    ...(found.config?.dialect && { overrides: found.config.dialect }),
  });
  if (detected === null) throw new SluiceError('FILE_EMPTY', { file: title });
  return {
    entryName: null,
    title,
    compression,
    ...found,
    folder: file.label,
    kind: 'delimited',
    detected,
    sample: await sampleRecords(sample, detected, title),
    sampleIsWhole: sample.whole,
    correction: null,
  };
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

function open(handle: SourceHandle, entry: IdentifiedEntry): OpenedEntry {
  const raw = handle.sequential();
  const inflated = entry.compression === 'gzip' ? new GunzipSource(raw, entry.title) : null;
  const bytes = inflated ?? raw;
  const { encoding } = entry.detected.dialect;
  return {
    source: isUtf16(encoding) ? new Utf16Source(bytes, encoding, entry.title) : bytes,
    sizeHint: inflated === null && !isUtf16(encoding) ? handle.opened.size : null,
    position: () => raw.position,
    hashes: () => {
      const file = raw.sha256();
      return { file, content: inflated?.contentSha256() ?? file };
    },
  };
}
