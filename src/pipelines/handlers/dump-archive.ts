import { createHash } from 'node:crypto';
import { SluiceError } from '../../errors.ts';
import type { ArchiveEntry } from '../../formats/archive/archive.ts';
import { isArchiveName, openArchive, stripArchiveExtension } from '../../formats/archive/open-archive.ts';
import { stripCompression } from '../../formats/compression.ts';
import type { Contents } from '../../formats/contents.ts';
import { looksLikeDescriptor, parseDescriptor } from '../../formats/dump/descriptor.ts';
import {
  isDataName,
  isDescriptorName,
  pairEntries,
  type TableEntries,
} from '../../formats/dump/pair-entries.ts';
import { readWhole } from '../../formats/read-whole.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import {
  type DumpTable,
  describeColumns,
  type TableSource,
  tableSources,
} from '../identify/describe-columns.ts';
import { detectDumpTable } from '../identify/detect-dump-table.ts';
import { dumpName } from '../identify/dump-name.ts';
import { findDataset } from '../identify/find-dataset.ts';
import type { FailedEntry, IdentifiedEntry, IdentifiedFile, SkippedEntry } from '../identify/identified.ts';
import { identifyContent, type RawEntry, refuseBinary } from '../identify/identify-content.ts';
import { sampleStream } from '../identify/sample.ts';
import { beforeFooter } from '../identify/sample-footer.ts';
import { takeDumpLabel } from '../identify/version-label.ts';
import { type Inside, identifyEntry, isToSkip, openText } from './archive-file.ts';
import type { Handler, HandlerContext } from './handler.ts';

/** A larger JSON file describes no table. */
const MOST_DESCRIPTOR_BYTES = 4 * 1024 * 1024;

/** An archive in which descriptors tell the columns of tables: a dump. */
export const dumpArchive: Handler = {
  name: 'dump',
  isArchive: true,
  accepts: (file) => isArchiveName(file.name),
  identify,
};

/** Null when there is no descriptor inside: then it is an archive of plain files. */
async function identify(
  contents: Contents,
  file: SourceFile,
  { settings }: HandlerContext,
): Promise<IdentifiedFile | null> {
  if (contents.size === 0) return null;
  const archive = await openArchive(await contents.whole(), settings.archiveLimits);
  const entries = archive.entries.filter((entry) => !isToSkip(entry.name, settings));
  let sha256 = '';
  const inside: Inside = { archive, file, settings, sha256: () => sha256 };
  const descriptors = await descriptorsIn(inside, entries);
  if (descriptors.length === 0) return null;
  sha256 = await contents.fileSha256();
  const passedOver = archive.entries.filter((entry) => !entries.includes(entry));
  const found = new Found([
    ...archive.skipped,
    ...passedOver.map(({ name }) => ({ name, reason: 'as configured' })),
  ]);
  const known = new Set(descriptors.map(({ name }) => name));
  const data = entries.filter(({ name }) => isDataName(name));
  if (data.length === 0) throw new SluiceError('DUMP_WITHOUT_DATA', { file: file.displayPath });
  await identifyTables(inside, pairEntries(descriptors, data), found);
  for (const entry of entries) {
    if (!known.has(entry.name) && !isDataName(entry.name)) found.take(await identifyEntry(inside, entry));
  }
  if (found.entries.length + found.failed.length === 0)
    throw new SluiceError('DUMP_WITHOUT_DATA', { file: file.displayPath });
  return { ...found, anyOrder: archive.anyOrder, archiveSha256: sha256 };
}

class Found {
  readonly entries: IdentifiedEntry[] = [];
  readonly failed: FailedEntry[] = [];
  readonly notes: SkippedEntry[] = [];

  constructor(readonly skipped: SkippedEntry[]) {}

  take(entry: IdentifiedEntry | FailedEntry): void {
    if ('error' in entry) this.failed.push(entry);
    else this.entries.push(entry);
  }
}

interface Descriptor extends ArchiveEntry {
  readonly bytes: Buffer;
}

async function descriptorsIn(inside: Inside, entries: readonly ArchiveEntry[]): Promise<Descriptor[]> {
  const found: Descriptor[] = [];
  for (const entry of entries) {
    if (!isDescriptorName(entry.name) || entry.problem !== null || entry.size > MOST_DESCRIPTOR_BYTES)
      continue;
    const bytes = await readWhole(inside.archive.open(entry), MOST_DESCRIPTOR_BYTES);
    if (bytes !== null && looksLikeDescriptor(bytes)) found.push({ ...entry, bytes });
  }
  return found;
}

type Pair = TableEntries<ArchiveEntry | Descriptor>;

/** One after the other up to the source database, which all tables of the dump tell together. */
async function identifyTables(inside: Inside, pairs: readonly Pair[], found: Found): Promise<void> {
  const tables: DumpTable[] = [];
  for (const pair of pairs) {
    const { descriptor, data } = pair;
    if (data === null) {
      if (descriptor !== null)
        found.notes.push({ name: descriptor.name, reason: 'a descriptor without data: nothing to load' });
      continue;
    }
    const table = await orFailed(inside, data, () => readTable(inside, pair, data));
    if (table === null)
      found.notes.push({ name: data.name, reason: 'a table without header and rows: nothing to load' });
    else if ('error' in table) found.failed.push(table);
    else tables.push(table);
  }
  const source = tableSources(tables);
  for (const table of tables) {
    const entry = await orFailed(inside, table.data, () => identifyTable(inside, table, source, found));
    if (entry !== null) found.take(entry);
  }
}

/** What concerns the entry alone comes back; what concerns the file or the machine is thrown. */
async function orFailed<T>(
  inside: Inside,
  entry: ArchiveEntry,
  work: () => Promise<T>,
): Promise<T | FailedEntry> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SluiceError) || error.kind === 'transient' || error.code === 'FILE_VANISHED')
      throw error;
    return { entryName: entry.name, title: titleOf(inside, entry), config: null, error };
  }
}

function titleOf(inside: Inside, entry: ArchiveEntry): string {
  return `${inside.file.displayPath}/${entry.name}`;
}

/** Null for a table without rows and header. */
async function readTable(inside: Inside, pair: Pair, data: ArchiveEntry): Promise<DumpTable | null> {
  if (data.problem !== null) throw data.problem;
  const title = titleOf(inside, data);
  const { descriptor } = pair;
  const columns =
    descriptor !== null && 'bytes' in descriptor
      ? parseDescriptor(descriptor.bytes, titleOf(inside, descriptor))
      : null;
  if (data.size === 0) return null;
  const name = data.name.slice(data.name.lastIndexOf('/') + 1);
  const text = { entry: data, name, title };
  const { bytes, sizeHint } = openText(inside, text);
  const sample = await sampleStream(bytes, sizeHint ?? undefined).finally(() => bytes.close());
  refuseBinary(sample, title);
  const stem = stripArchiveExtension(inside.file.name);
  const dump = dumpName(inside.file.name, inside.settings.dumps);
  const extension = /\.[^.]*$/.exec(stripCompression(name))?.[0] ?? '';
  const found = findDataset(
    `${dump.dataset === '' ? '' : `${dump.dataset}_`}${pair.table}${extension}`,
    inside.settings.datasets,
  );
  const own = found.config?.label;
  const label = found.label ?? (own === undefined ? dump.label : takeDumpLabel(stem, own).label);
  const { config } = found;
  const { footerLines, encoding } = config?.dialect ?? {};
  const records = footerLines === undefined ? sample : beforeFooter({ sample, footerLines, encoding }).sample;
  const table = detectDumpTable({ title, name, table: pair.table, sample: records, columns, config });
  if (table === null) return null;
  const { detected, nullMarker } = table;
  const dialect = { ...detected.dialect, nullMarker: nullMarker ?? detected.dialect.nullMarker };
  const content = await identifyContent({
    ...{ title, fileName: name, sample, overrides: undefined, detected: { ...detected, dialect } },
    ...(footerLines !== undefined && { footerLines }),
    open: () => ofTable(openText(inside, text), [found.dataset, label, inside.file.label]),
  });
  return {
    ...{ data, title, name: pair.table, columns, table },
    found: { ...found, label, businessDate: found.businessDate ?? dump.businessDate },
    content,
  };
}

/**
 * Two tables, or a table in two versions or instances, may well have the same rows: they are no duplicates of each other.
 * So the content counts together with where it belongs.
 */
function ofTable(raw: RawEntry, place: readonly (string | null)[]): RawEntry {
  return {
    ...raw,
    hashes: () => {
      const { file, content } = raw.hashes();
      const whole = JSON.stringify([content, ...place]);
      return { file, content: createHash('sha256').update(whole).digest('hex') };
    },
  };
}

async function identifyTable(
  inside: Inside,
  dump: DumpTable,
  source: TableSource,
  found: Found,
): Promise<IdentifiedEntry> {
  const { described, detected, notes } = describeColumns(dump, source);
  found.notes.push(...notes.map((reason) => ({ name: dump.data.name, reason })));
  return {
    ...{ entryName: dump.data.name, title: dump.title, compression: 'none', kind: 'dump', correction: null },
    ...dump.found,
    folder: inside.file.label,
    size: dump.data.size,
    ...dump.content,
    ...{ detected, described },
  };
}
