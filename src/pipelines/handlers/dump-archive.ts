import { SluiceError } from '../../errors.ts';
import { isArchiveName, openArchive } from '../../formats/archive/open-archive.ts';
import type { Contents } from '../../formats/contents.ts';
import { isDataName, pairEntries } from '../../formats/dump/pair-entries.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import {
  type DumpTable,
  describeColumns,
  type TableSource,
  tableSources,
} from '../identify/describe-columns.ts';
import type { FailedEntry, IdentifiedEntry, IdentifiedFile, SkippedEntry } from '../identify/identified.ts';
import { type Inside, identifyEntry, isToSkip } from './archive-file.ts';
import { descriptorsIn } from './dump-descriptors.ts';
import { datasetOf, type Pair, readTable } from './dump-table.ts';
import { orFailed } from './entry-failure.ts';
import type { Handler, HandlerContext } from './handler.ts';

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
    const place = await orFailed(inside, data, null, () => datasetOf(inside, pair, data));
    if ('error' in place) {
      found.failed.push(place);
      continue;
    }
    const table = await orFailed(inside, data, place.config, () => readTable(inside, pair, data, place));
    if (table === null)
      found.notes.push({ name: data.name, reason: 'a table without header and rows: nothing to load' });
    else if ('error' in table) found.failed.push(table);
    else tables.push(table);
  }
  const source = tableSources(tables);
  for (const table of tables) {
    const entry = await orFailed(inside, table.data, table.found.config, () =>
      identifyTable(inside, table, source, found),
    );
    if (entry !== null) found.take(entry);
  }
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
