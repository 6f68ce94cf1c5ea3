import { isUtf8 } from 'node:buffer';
import { type Entry, getFileNameLowLevel, type LocalFileHeader } from 'yauzl';
import { SluiceError } from '../../errors.ts';
import { type ArchiveLimits, RATIO_FREE_BYTES } from '../archive/archive.ts';

export const STORED = 0;
export const DEFLATED = 8;

const UTF8_FLAG = 0x800;
const ENCRYPTED_FLAG = 0x1;
const SIZES_FOLLOW_FLAG = 0x8;
/** Sizes and offsets that did not fit are in the ZIP64 extra field. */
const IN_ZIP64 = 0xffffffff;
const MADE_ON_UNIX = 3;

/**
 * The name as text. Without the UTF-8 flag it is CP437 by the standard; but macOS and others write UTF-8 without setting the
 * flag, and what is valid UTF-8 beyond ASCII is hardly ever meant as anything else.
 */
export function nameOf(entry: Entry): string {
  const { fileNameRaw: raw, generalPurposeBitFlag: flags, extraFields } = entry;
  return getFileNameLowLevel(isUtf8(raw) ? flags | UTF8_FLAG : flags, raw, extraFields, true);
}

/** Why an entry's data will not be read, by what the list says of it; null when it can be. */
export function problemOf(entry: Entry, title: string, limits: ArchiveLimits): SluiceError | null {
  const type = specialType(entry);
  if (type !== null) return new SluiceError('ENTRY_NOT_A_FILE', { file: title, type });
  if ((entry.generalPurposeBitFlag & ENCRYPTED_FLAG) !== 0)
    return new SluiceError('ENTRY_ENCRYPTED', { file: title });
  const method = entry.compressionMethod;
  if (method !== STORED && method !== DEFLATED)
    return new SluiceError('ENTRY_METHOD_UNSUPPORTED', { file: title, method: methodName(method) });
  if (method === STORED && entry.compressedSize !== entry.uncompressedSize) {
    const facts = { file: title, found: entry.compressedSize, expected: entry.uncompressedSize };
    return new SluiceError('ENTRY_SIZE_MISMATCH', facts);
  }
  const { uncompressedSize: size, compressedSize } = entry;
  if (size > RATIO_FREE_BYTES && size > compressedSize * limits.ratio)
    return new SluiceError('ENTRY_RATIO_EXCEEDED', { file: title, limit: limits.ratio });
  return null;
}

/** What an entry made on Unix is, when it is neither a file nor a folder. */
function specialType(entry: Entry): string | null {
  if (entry.versionMadeBy >> 8 !== MADE_ON_UNIX) return null;
  return UNIX_TYPES[entry.externalFileAttributes >>> 28] ?? null;
}

const UNIX_TYPES: Readonly<Record<number, string>> = {
  1: 'a FIFO',
  2: 'a character device',
  6: 'a block device',
  10: 'a symbolic link',
  12: 'a socket',
};

/** APPNOTE.TXT 4.4.5. */
const METHODS: Readonly<Record<number, string>> = {
  9: 'deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'Zstandard',
  95: 'XZ',
  98: 'PPMd',
  99: 'AES encryption',
};

function methodName(method: number): string {
  const name = METHODS[method];
  return name === undefined ? String(method) : `${method} (${name})`;
}

/**
 * How the header in front of the data contradicts the list, in words; null when it does not. Two readers that believe one
 * each would load different files from one archive.
 */
export function contradiction(entry: Entry, local: LocalFileHeader): string | null {
  if (!local.fileName.equals(entry.fileNameRaw)) return 'the names differ';
  if (local.compressionMethod !== entry.compressionMethod) return 'the compression methods differ';
  const flags = local.generalPurposeBitFlag;
  if ((flags & ENCRYPTED_FLAG) !== (entry.generalPurposeBitFlag & ENCRYPTED_FLAG))
    return 'one says that it is encrypted';
  if ((flags & SIZES_FOLLOW_FLAG) !== 0) return null;
  if (local.crc32 !== entry.crc32) return 'the checksums differ';
  const sizes = [
    [local.compressedSize, entry.compressedSize],
    [local.uncompressedSize, entry.uncompressedSize],
  ];
  return sizes.every(([own, listed]) => own === IN_ZIP64 || own === listed) ? null : 'the sizes differ';
}
