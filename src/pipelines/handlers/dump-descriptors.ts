import { SluiceError } from '../../errors.ts';
import type { ArchiveEntry } from '../../formats/archive/archive.ts';
import {
  type DescriptorColumn,
  looksLikeDescriptor,
  parseDescriptor,
} from '../../formats/dump/descriptor.ts';
import { isDataName, isDescriptorName, tableKey } from '../../formats/dump/pair-entries.ts';
import { readWhole } from '../../formats/read-whole.ts';
import type { Inside } from './archive-file.ts';
import { orFailed } from './entry-failure.ts';

/** A larger JSON file describes no table. */
const MOST_DESCRIPTOR_BYTES = 4 * 1024 * 1024;

export interface Descriptor extends ArchiveEntry {
  /** Null when it could not be read, or is too large. */
  readonly bytes: Buffer | null;
}

/** What is called like data beside it describes that data, or is meant to; other JSON has to look like a descriptor. */
export async function descriptorsIn(inside: Inside, entries: readonly ArchiveEntry[]): Promise<Descriptor[]> {
  const data = new Set(entries.filter(({ name }) => isDataName(name)).map(({ name }) => tableKey(name)));
  const found: Descriptor[] = [];
  for (const entry of entries) {
    if (!isDescriptorName(entry.name)) continue;
    const descriptor = await readDescriptor(inside, entry);
    const { bytes } = descriptor;
    if (data.has(tableKey(entry.name)) || (bytes !== null && looksLikeDescriptor(bytes)))
      found.push(descriptor);
  }
  return found;
}

/** What is wrong with it fails its table alone. */
async function readDescriptor(inside: Inside, entry: ArchiveEntry): Promise<Descriptor> {
  if (entry.problem !== null || entry.size > MOST_DESCRIPTOR_BYTES) return { ...entry, bytes: null };
  const read = await orFailed(inside, entry, null, () =>
    readWhole(inside.archive.open(entry), MOST_DESCRIPTOR_BYTES),
  );
  if (read === null || Buffer.isBuffer(read)) return { ...entry, bytes: read };
  return { ...entry, bytes: null, problem: read.error };
}

/** Throws what is wrong with it. */
export function columnsIn({ bytes, problem }: Descriptor, title: string): DescriptorColumn[] {
  if (problem !== null) throw problem;
  if (bytes === null) {
    const reason = `it is larger than ${MOST_DESCRIPTOR_BYTES / 1024 / 1024} MB`;
    throw new SluiceError('DESCRIPTOR_INVALID', { file: title, reason });
  }
  return parseDescriptor(bytes, title);
}
