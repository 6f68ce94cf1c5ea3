import { type Entry, fromRandomAccessReaderPromise, type LocalFileHeader, type ZipFile } from 'yauzl';
import { messageOf, SluiceError } from '../../errors.ts';
import type { Archive, ArchiveEntry, ArchiveLimits, EntrySource, SkippedEntry } from '../archive/archive.ts';
import { NamesOnce, safeName, skipReason } from '../archive/entry-names.ts';
import { VerifiedSource } from '../archive/verified-source.ts';
import type { ReadsAt } from '../completeness.ts';
import { type RandomBytes, RangeSource, readExactly } from '../random-bytes.ts';
import { InflateSource } from './inflate-source.ts';
import { zipCompleteness } from './is-complete.ts';
import { refuseOverlaps, type Span } from './overlaps.ts';
import { contradiction, nameOf, problemOf, STORED } from './zip-entry.ts';
import { ZipReader } from './zip-reader.ts';

const LISTED_SIGNATURE = 0x02014b50;
const NEVER = new AbortController().signal;

interface ZipEntry extends ArchiveEntry {
  readonly crc32: number;
  readonly method: number;
  /** Where its data lies. */
  readonly start: number;
  readonly compressedSize: number;
}

/**
 * Reads and checks the list of a ZIP: every name, every header in front of the data, and what unpacking would cost. The
 * data itself is not read.
 *
 * @throws FILE_INCOMPLETE, ARCHIVE_… and ENTRY_NAME_… errors, which concern the whole archive
 */
export async function openZip(bytes: RandomBytes, limits: ArchiveLimits): Promise<Archive> {
  const { complete, reason } = await zipCompleteness(readsAt(bytes), bytes.size, NEVER);
  if (!complete) throw new SluiceError('FILE_INCOMPLETE', { file: bytes.name, reason });
  const listed = await readList(bytes, limits);
  const entries = listed.entries.map((entry) => entry.entry);
  return {
    entries,
    skipped: listed.skipped,
    anyOrder: true,
    open: (entry) => openEntry(bytes, entries.find((one) => one === entry) as ZipEntry),
  };
}

function readsAt(bytes: RandomBytes): ReadsAt {
  return {
    read: async (buffer, offset, length, position) => {
      const bytesRead = await bytes.readInto(buffer, offset, length, position);
      return { buffer, bytesRead };
    },
  };
}

interface List {
  readonly entries: { readonly entry: ZipEntry; readonly span: Span }[];
  readonly skipped: SkippedEntry[];
}

async function readList(bytes: RandomBytes, limits: ArchiveLimits): Promise<List> {
  try {
    const reader = new ZipReader(bytes);
    const options = { autoClose: false, decodeStrings: false, validateEntrySizes: false };
    const zip = await fromRandomAccessReaderPromise(reader, bytes.size, options);
    const count = zip.entryCount;
    if (count > limits.entries)
      throw new SluiceError('ARCHIVE_TOO_MANY_ENTRIES', { file: bytes.name, count, limit: limits.entries });
    const list = await readEntries(zip, bytes.name, limits);
    await refuseMoreEntries(zip, bytes);
    return list;
  } catch (error) {
    throw error instanceof SluiceError ? error : damage(bytes.name, error);
  }
}

/** Readers that go by the size of the list, and not by the number it announces, would find others. */
async function refuseMoreEntries(zip: ZipFile, bytes: RandomBytes): Promise<void> {
  const next = await readExactly(bytes, Number(zip.readEntryCursor), 4);
  if (next?.readUInt32LE(0) !== LISTED_SIGNATURE) return;
  const reason = 'its list has more entries than it announces';
  throw new SluiceError('ARCHIVE_DAMAGED', { file: bytes.name, reason });
}

/** yauzl refuses the whole archive for one entry with strong encryption. */
function damage(file: string, error: unknown): SluiceError {
  const reason = messageOf(error);
  if (reason.includes('strong encryption')) return new SluiceError('ENTRY_ENCRYPTED', { file }, error);
  return new SluiceError('ARCHIVE_DAMAGED', { file, reason }, error);
}

async function readEntries(zip: ZipFile, archive: string, limits: ArchiveLimits): Promise<List> {
  const names = new NamesOnce(archive);
  const list: List = { entries: [], skipped: [] };
  const spans: Span[] = [];
  let total = 0;
  const listed: { entry: Entry; name: string }[] = [];
  for await (const entry of zip.eachEntry()) {
    const name = safeName(nameOf(entry), archive);
    names.add(name);
    total += entry.uncompressedSize;
    if (total > limits.bytes)
      throw new SluiceError('ARCHIVE_TOO_LARGE', { file: archive, bytes: total, limit: limits.bytes });
    listed.push({ entry, name });
  }
  for (const { entry, name } of listed) {
    const found = await locate(zip, entry, `${archive}/${name}`, name, limits);
    spans.push(found.span);
    const reason = skipReason(name);
    if (reason === null || (name.endsWith('/') && entry.uncompressedSize > 0)) list.entries.push(found);
    else list.skipped.push({ name, reason });
  }
  refuseOverlaps(spans, archive);
  return list;
}

async function locate(
  zip: ZipFile,
  entry: Entry,
  title: string,
  name: string,
  limits: ArchiveLimits,
): Promise<{ entry: ZipEntry; span: Span }> {
  const { crc32, compressionMethod: method, compressedSize, uncompressedSize: size } = entry;
  const local = await zip.readLocalFileHeaderPromise(entry).catch((error: unknown) => {
    if (error instanceof SluiceError) throw error;
    return messageOf(error);
  });
  const start = typeof local === 'string' ? entry.relativeOffsetOfLocalHeader : local.fileDataStart;
  const problem = problemOf(entry, title, limits) ?? headerProblem(entry, local, title);
  return {
    entry: { name, size, problem, crc32, method, start, compressedSize },
    span: { name, start: entry.relativeOffsetOfLocalHeader, end: start + compressedSize },
  };
}

function headerProblem(entry: Entry, local: LocalFileHeader | string, title: string): SluiceError | null {
  const reason = typeof local === 'string' ? local : contradiction(entry, local);
  return reason === null ? null : new SluiceError('ENTRY_HEADER_MISMATCH', { file: title, reason });
}

function openEntry(bytes: RandomBytes, entry: ZipEntry): EntrySource {
  if (entry.problem !== null) throw entry.problem;
  const title = `${bytes.name}/${entry.name}`;
  const raw = new RangeSource(bytes, entry.start, entry.compressedSize);
  const content = entry.method === STORED ? raw : new InflateSource(raw, entry.compressedSize, title);
  const verified = new VerifiedSource(content, entry, title);
  return {
    read: (target, offset) => verified.read(target, offset),
    close: () => verified.close(),
    position: () => raw.position,
  };
}
