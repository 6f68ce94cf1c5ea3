import type { Catalogue } from './entry.ts';

/** Records that end the reading of a file. */
export const RECORD_ERRORS = {
  UNTERMINATED_QUOTE: {
    kind: 'terminal',
    message:
      '{file}: a quoted field of the header, or of a record longer than MAX_RECORD_BYTES, starts in the record at line {line} and is never closed',
    remedy:
      "Close the quote in that line, or set the dataset's dialect (quote: null) when quotes are ordinary characters, or raise MAX_RECORD_BYTES when a field really is that long.",
  },
  RECORD_TOO_LONG: {
    kind: 'terminal',
    message: '{file}: the header at line {line} is longer than {limit} bytes',
    remedy: 'Check the newline and quote of the dialect with `sluice plan FILE`, or raise MAX_RECORD_BYTES.',
  },
  ROW_NOT_LOADABLE: {
    kind: 'terminal',
    message: '{file}: line {line}, column {column}: {reason}',
    remedy:
      'Correct that line, or declare another type for the column in sluice.config.ts, and drop the file again.',
  },
} as const satisfies Catalogue;
