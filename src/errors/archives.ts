import type { Catalogue } from './entry.ts';

/** Archives and what is inside of them. */
export const ARCHIVE_ERRORS = {
  ARCHIVE_DAMAGED: {
    kind: 'terminal',
    message: '{file} is not a whole archive: {reason}',
    remedy: 'Check with `unzip -t` or `tar -t`; ask the sender for the file again.',
  },
  ARCHIVE_EMPTY: {
    kind: 'terminal',
    message: '{file} holds no file to load ({skipped} entries were passed over)',
    remedy: 'Look at its list with `unzip -l` or `tar -t`; ask the sender for the file again.',
  },
  ARCHIVE_NESTED: {
    kind: 'terminal',
    message: '{file} is an archive inside an archive',
    remedy: 'Deliver the inner archive by itself, or its files directly in the outer one.',
  },
  ARCHIVE_TOO_MANY_ENTRIES: {
    kind: 'terminal',
    message: '{file} has {count} entries; the limit is {limit}',
    remedy: 'Raise MAX_ARCHIVE_ENTRIES if the sender means it, or split the archive.',
  },
  ARCHIVE_TOO_LARGE: {
    kind: 'terminal',
    message: '{file} would unpack to {bytes} bytes; the limit is {limit}',
    remedy: 'Raise MAX_ARCHIVE_BYTES if the sender means it, or split the archive.',
  },
  ENTRIES_OVERLAP: {
    kind: 'terminal',
    message: '{file}: the data of {entry} overlaps that of {other}',
    remedy: 'No honest tool writes such an archive. Ask the sender how it was made.',
  },
  ENTRY_NAME_UNSAFE: {
    kind: 'terminal',
    message: '{file}: the entry name {entry} is refused: {reason}',
    remedy: 'Pack the files with relative names, without `..`, drive letters or a slash at the start.',
  },
  ENTRY_NAME_DUPLICATE: {
    kind: 'terminal',
    message: '{file} has two entries of the name {entry}',
    remedy: 'Pack it again with one entry for each file.',
  },
  ENTRY_ENCRYPTED: {
    kind: 'terminal',
    message: '{file} is encrypted',
    remedy: 'Ask the sender for an archive without a password.',
  },
  ENTRY_METHOD_UNSUPPORTED: {
    kind: 'terminal',
    message: '{file} is compressed by method {method}, which Sluice does not read',
    remedy: 'Pack it again with deflate, which every ZIP tool has, or without compression.',
  },
  ENTRY_NOT_A_FILE: {
    kind: 'terminal',
    message: '{file} is {type}, not a regular file',
    remedy: 'Pack the file itself; links and devices in archives are never followed.',
  },
  ENTRY_RATIO_EXCEEDED: {
    kind: 'terminal',
    message: '{file} unpacks to more than {limit} times its compressed size',
    remedy: 'This is how zip bombs look. Raise MAX_ARCHIVE_RATIO if the sender means it.',
  },
  ENTRY_HEADER_MISMATCH: {
    kind: 'terminal',
    message: '{file}: the list of the archive and the header of the entry disagree: {reason}',
    remedy: 'The archive was damaged or tampered with. Ask the sender for it again.',
  },
  ENTRY_DAMAGED: {
    kind: 'terminal',
    message: '{file} cannot be unpacked: {reason}',
    remedy: 'Check with `unzip -t`; ask the sender for the archive again.',
  },
  ENTRY_CRC_MISMATCH: {
    kind: 'terminal',
    message: '{file} has the CRC-32 {found}, the archive says {expected}',
    remedy: 'The content is not what was packed. Ask the sender for the archive again.',
  },
  ENTRY_SIZE_MISMATCH: {
    kind: 'terminal',
    message: '{file} has {found} bytes, the archive says {expected}',
    remedy: 'The content is not what was packed. Ask the sender for the archive again.',
  },
} as const satisfies Catalogue;
