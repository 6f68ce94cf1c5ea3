import type { Catalogue } from './entry.ts';

/** Source files, before a record of them is read. */
export const SOURCE_FILE_ERRORS = {
  FILE_EMPTY: {
    kind: 'terminal',
    message: '{file} holds no record and no header',
    remedy: 'Ask the sender for the file again; an empty delivery still needs its header line.',
  },
  FILE_UNSUPPORTED: {
    kind: 'terminal',
    message: '{file} is of a kind Sluice does not read ({extension})',
    remedy:
      'Deliver .csv, .tsv, .txt or .dat, each also as .gz or .zst, or in a .zip, .tar, .tar.gz or .tar.zst archive, and any of these encrypted (.csv.gpg, .zip.gpg: the name says what is inside). Entries of archives that are no data can be passed over with skipEntries.',
  },
  FILE_BINARY: {
    kind: 'terminal',
    message: '{file} is not text',
    remedy: 'Look at the file with `file` or `head -c 200 | xxd`; the sender probably mixed up the name.',
  },
  ENCODING_INVALID: {
    kind: 'terminal',
    message: '{file} is not valid {encoding}',
    remedy: "Set the right encoding in the dataset's dialect, or ask the sender for the file again.",
  },
  FILE_UNREADABLE: {
    kind: 'terminal',
    message: '{file} cannot be read: {reason}',
    remedy: "Give the service's user read access to the file and drop it again.",
  },
  FILE_READ_FAILED: {
    kind: 'transient',
    message: 'reading {file} failed: {reason}',
    remedy:
      'The disk or network mount reported an error; the file is tried again. If it repeats, check the mount.',
  },
  FILE_VANISHED: {
    kind: 'terminal',
    message: '{file} was gone before it could be read',
    remedy: 'Somebody moved or deleted it. Nothing was loaded; deliver it again if it is needed.',
  },
  FILE_CHANGED: {
    kind: 'transient',
    message: '{file} changed while it was read',
    remedy: 'Nothing to do: nothing was published, and the file is taken again when it has settled.',
  },
  FILE_INCOMPLETE: {
    kind: 'terminal',
    message: '{file} is not complete: {reason}',
    remedy: 'The transfer was cut off. Ask the sender for the file again.',
  },
  TRAILER_MISSING: {
    kind: 'terminal',
    message: '{file} does not end with the trailer that its dataset asks for',
    remedy:
      "The transfer was cut off, or the dataset's complete.trailer does not fit. In the imports folder the file waits for its end, for a time.",
  },
  RECORD_COUNT_MISMATCH: {
    kind: 'terminal',
    message: '{file} holds {read} records; {source} says {expected}',
    remedy:
      'Nothing was loaded. Ask the sender which is right; in the imports folder the file waits for a correction of either, for a time.',
  },
  GZIP_DAMAGED: {
    kind: 'terminal',
    message: '{file} is not a whole gzip file: {reason}',
    remedy: 'Check with `gzip -t`; ask the sender for the file again.',
  },
  ZSTD_DAMAGED: {
    kind: 'terminal',
    message: '{file} is not a Zstandard file that can be read: {reason}',
    remedy: 'Check with `zstd -t`; ask the sender for the file again.',
  },
} as const satisfies Catalogue;
