import { createHash } from 'node:crypto';
import type { ArchiveEntry } from '../../formats/archive/archive.ts';
import { stripArchiveExtension } from '../../formats/archive/open-archive.ts';
import { stripCompression } from '../../formats/compression.ts';
import type { TableEntries } from '../../formats/dump/pair-entries.ts';
import type { DumpTable } from '../identify/describe-columns.ts';
import { detectDumpTable } from '../identify/detect-dump-table.ts';
import { dumpName } from '../identify/dump-name.ts';
import { type FoundDataset, findDataset } from '../identify/find-dataset.ts';
import { identifyContent, type RawEntry, refuseBinary } from '../identify/identify-content.ts';
import { sampleStream } from '../identify/sample.ts';
import { beforeFooter } from '../identify/sample-footer.ts';
import { takeDumpLabel } from '../identify/version-label.ts';
import { type Inside, openText } from './archive-file.ts';
import { columnsIn, type Descriptor } from './dump-descriptors.ts';
import { titleOf } from './entry-failure.ts';

export type Pair = TableEntries<ArchiveEntry | Descriptor>;

/** The dataset that a table of a dump feeds, by the names of both. */
export function datasetOf(inside: Inside, { table }: Pair, data: ArchiveEntry): FoundDataset {
  const dump = dumpName(inside.file.name, inside.settings.dumps);
  const extension = /\.[^.]*$/.exec(stripCompression(baseName(data)))?.[0] ?? '';
  const found = findDataset(
    `${dump.dataset === '' ? '' : `${dump.dataset}_`}${table}${extension}`,
    inside.settings.datasets,
  );
  const own = found.config?.label;
  const stem = stripArchiveExtension(inside.file.name);
  const label = found.label ?? (own === undefined ? dump.label : takeDumpLabel(stem, own).label);
  return { ...found, label, businessDate: found.businessDate ?? dump.businessDate };
}

function baseName({ name }: ArchiveEntry): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** Null for a table without rows and header. */
export async function readTable(
  inside: Inside,
  pair: Pair,
  data: ArchiveEntry,
  found: FoundDataset,
): Promise<DumpTable | null> {
  if (data.problem !== null) throw data.problem;
  const title = titleOf(inside, data);
  const { descriptor } = pair;
  const columns =
    descriptor !== null && 'bytes' in descriptor ? columnsIn(descriptor, titleOf(inside, descriptor)) : null;
  if (data.size === 0) return null;
  const name = baseName(data);
  const text = { entry: data, name, title };
  const { bytes, sizeHint } = openText(inside, text);
  const sample = await sampleStream(bytes, sizeHint ?? undefined).finally(() => bytes.close());
  refuseBinary(sample, title);
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
    open: () => ofTable(openText(inside, text), [found.dataset, found.label, inside.file.label]),
  });
  return { data, title, name: pair.table, columns, table, found, content };
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
