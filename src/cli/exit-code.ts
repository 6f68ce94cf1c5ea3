import { type ErrorCode, SluiceError } from '../errors.ts';

export const EXIT = {
  /** Everything published, or nothing to do. */
  ok: 0,
  /** Usage or configuration. */
  usage: 1,
  /** At least one file failed, or waits for a decision. */
  failed: 2,
  /** Published, but rows were rejected. */
  rejected: 3,
  /** The database cannot be reached. */
  unreachable: 4,
} as const;

const UNREACHABLE: ReadonlySet<ErrorCode> = new Set([
  'DATABASE_UNREACHABLE',
  'DATABASE_CONNECTION_LOST',
  'DATABASE_BUSY',
  'SOURCE_UNREACHABLE',
  'EMBEDDED_NO_BINARY',
  'EMBEDDED_UNREACHABLE',
  'EMBEDDED_START_FAILED',
]);

const USAGE: ReadonlySet<ErrorCode> = new Set([
  'CONFIG_INVALID',
  'CONFIG_FILE_INVALID',
  'DECRYPTION_KEY_UNUSABLE',
  'DECRYPTION_KEY_LOCKED',
  'USAGE',
  'FOLDER_UNUSABLE',
  'FOLDER_WATCHED',
  'FOLDER_NESTED',
  'SCHEMA_MISSING',
  'SCHEMA_NEWER',
  'SCHEMA_NOT_OURS',
  'SCHEMA_IN_USE',
  'DATABASE_TOO_OLD',
  'DATABASE_REFUSED',
  'MODEL_INVALID',
  'MODEL_REFERENCE_UNKNOWN',
  'MODEL_CYCLE',
  'MODEL_UNKNOWN',
  'EXPORT_UNKNOWN',
  'SOURCE_UNKNOWN',
  'SOURCE_URL_MISSING',
  'SOURCE_UNSUPPORTED',
  'SOURCE_TABLE_UNKNOWN',
  'SOURCE_DATASET_SHARED',
]);

/** Exit code for an error that ended a command. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof SluiceError)) return EXIT.failed;
  if (UNREACHABLE.has(error.code)) return EXIT.unreachable;
  return USAGE.has(error.code) ? EXIT.usage : EXIT.failed;
}

export interface Finished {
  readonly status: string;
  readonly loads: readonly { readonly status: string; readonly rowsRejected: number }[];
}

/** Exit code for what became of the files. */
export function exitCodeFor(outcomes: readonly Finished[]): number {
  // An archive may be published without an entry that failed.
  const failed = outcomes.some(
    ({ status, loads }) =>
      status === 'failed' || status === 'held' || loads.some((load) => load.status === 'failed'),
  );
  if (failed) return EXIT.failed;
  const published = outcomes.filter(({ status }) => status === 'published');
  const rejected = published.some((outcome) => outcome.loads.some((load) => load.rowsRejected > 0));
  return rejected ? EXIT.rejected : EXIT.ok;
}
