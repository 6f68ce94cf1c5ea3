import { availableParallelism } from 'node:os';
import { customCleanEnv, EnvError, makeExactValidator, type ValidatorSpec } from 'envalid';
import { messageOf } from '../errors.ts';
import { KEEP_FOREVER, type KeepRule } from './keep-rule.ts';
import { maskUrl } from './mask-url.ts';
import { quoteIfOdd } from './quote-if-odd.ts';
import type { RejectLimit } from './settings.ts';
import {
  anyText,
  cronPattern,
  databaseUrl,
  flag,
  httpUrl,
  keepDays,
  keepRule,
  oneOf,
  path,
  privateKey,
  rejectLimit,
  schemaName,
  secret,
  type ValueKind,
  wholeNumber,
} from './value-kinds.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MIB = 1024 * 1024;

/** One variable of the environment, in words. */
export interface VariableDescription {
  readonly name: string;
  readonly description: string;
  readonly allowed: string;
  readonly default: string;
}

interface Variable<T> extends Omit<VariableDescription, 'name'> {
  readonly kind: ValueKind<NonNullable<T>>;
  readonly fallback: T;
}

function withDefault<T extends {}>(
  kind: ValueKind<T>,
  fallback: T,
  description: string,
  shownDefault = String(fallback),
): Variable<T> {
  return { kind, fallback, description, allowed: kind.allowed, default: shownDefault };
}

function optional<T extends {}>(
  kind: ValueKind<T>,
  description: string,
  shownDefault: string,
): Variable<T | undefined> {
  return { kind, fallback: undefined, description, allowed: kind.allowed, default: shownDefault };
}

function keep(kind: ValueKind<KeepRule>, description: string): Variable<KeepRule> {
  return withDefault(kind, KEEP_FOREVER, description, 'forever');
}

/** The single list of variables; `docs/configuration.md` and `--help` are derived from it. */
const VARIABLES = {
  DATABASE_URL: optional(
    databaseUrl,
    'The Postgres server (15 to 18) that receives the tables.',
    'unset: the embedded server in DATA_DIR',
  ),
  DATA_DIR: withDefault(path, './data', 'Folder of the embedded server.'),
  IMPORTS_DIR: withDefault(path, './imports', 'Folder that is watched.'),
  EXPORTS_DIR: withDefault(path, './exports', 'Folder for receipts, rejected rows and export files.'),
  WAREHOUSE_DIR: withDefault(path, './warehouse', 'Folder of the models, one SQL file each.'),
  LOGS_DIR: withDefault(path, './logs', 'Folder of the log files.'),
  STAGING_SCHEMA: withDefault(schemaName, 'staging', 'Schema of the loaded tables.'),
  DW_SCHEMA: withDefault(schemaName, 'datawarehouse', 'Schema of the warehouse tables.'),
  DEV: withDefault(
    flag,
    false,
    'Drop and remake everything that Sluice made in the database, at each start. Never in production.',
  ),
  INIT_DB: withDefault(
    flag,
    true,
    'Make and migrate the schemas at start. When false nothing is made, and a missing object stops the start.',
  ),
  DEBUG_LOGS: withDefault(flag, false, 'Log details of every step.'),
  ECHO_SQL: withDefault(flag, false, 'Log every SQL statement.'),
  CONCURRENCY: withDefault(
    wholeNumber(1, 64),
    Math.min(8, Math.max(2, availableParallelism())),
    'Files worked on at once.',
    'the number of cores, at least 2 and at most 8',
  ),
  LANES: optional(
    wholeNumber(1, 64),
    'Database connections per large load.',
    "unset: chosen from the cores and the server's max_connections",
  ),
  SETTLE_MS: withDefault(
    wholeNumber(0, HOUR_MS, 'of milliseconds'),
    2_000,
    'How long a file must stay unchanged before it is taken.',
  ),
  RESCAN_MS: withDefault(
    wholeNumber(100, HOUR_MS, 'of milliseconds'),
    5_000,
    'Time between full scans of IMPORTS_DIR, which find what file events missed.',
  ),
  INCOMPLETE_MS: withDefault(
    wholeNumber(0, DAY_MS, 'of milliseconds'),
    60_000,
    'How long an unchanged but incomplete file is waited for; after that it is taken, and fails.',
  ),
  USE_POLLING: withDefault(
    flag,
    false,
    'Watch by polling: for network file systems and bind mounts that send no events.',
  ),
  CLEANUP: withDefault(
    oneOf('archive', 'delete', 'keep'),
    'archive',
    'What becomes of a published file: moved to processed/, deleted, or left where it is.',
  ),
  REJECT_LIMIT: withDefault<RejectLimit>(
    rejectLimit,
    { kind: 'percent', percent: 10 },
    'Rejected rows that one load may have before the file fails.',
    '10%',
  ),
  MAX_ARCHIVE_ENTRIES: withDefault(
    wholeNumber(1, 1_000_000),
    10_000,
    'Entries of one archive; one with more is refused.',
  ),
  MAX_ARCHIVE_BYTES: withDefault(
    wholeNumber(1, 2 ** 50, 'of bytes'),
    64 * 1024 * MIB,
    'What one archive may unpack to; one that gives more is refused.',
  ),
  MAX_ARCHIVE_RATIO: withDefault(
    wholeNumber(1, 1_000_000),
    200,
    'Unpacked bytes that one compressed byte of an archive may give, beyond the first 16 MB; more is refused as a zip bomb.',
  ),
  GPG_KEY_FILE: optional(
    path,
    'Private keys that encrypted files are decrypted with, as gpg exports them.',
    'unset',
  ),
  GPG_KEY: optional(privateKey, 'The same, as the text itself.', 'unset'),
  GPG_PASSPHRASE_FILE: optional(
    path,
    'Passphrases of the keys, and of files encrypted with a passphrase alone: one a line, all are tried.',
    'unset',
  ),
  GPG_PASSPHRASE: optional(secret, 'One such passphrase, as the text itself.', 'unset'),
  MAX_ENCRYPTED_ARCHIVE_BYTES: withDefault(
    wholeNumber(1, 2 ** 31, 'of bytes'),
    256 * MIB,
    'What an encrypted archive may decrypt to; it is held in memory, never on disk. Other encrypted files are streamed.',
  ),
  MAX_RECORD_BYTES: withDefault(
    wholeNumber(1024, 256 * MIB, 'of bytes'),
    16 * MIB,
    'Longest record; a longer one is rejected.',
  ),
  MAX_ATTEMPTS: withDefault(
    wholeNumber(1, 100),
    5,
    'Tries of one file before an error that could pass is taken as final.',
  ),
  STALL_MS: withDefault(
    wholeNumber(100, DAY_MS, 'of milliseconds'),
    300_000,
    'How long a run may go on without a byte read or a block loaded; then it is broken off and tried again.',
  ),
  LOG_DAYS: withDefault(wholeNumber(1, 3650, 'of days'), 14, 'How long a log file is kept.'),
  KEEP_PROCESSED: keep(keepRule, 'How long, and how much of, files in processed/ are kept.'),
  KEEP_FAILED: keep(keepRule, 'The same for files in failed/.'),
  KEEP_RECEIPTS: keep(keepRule, 'The same for receipts.'),
  KEEP_REJECTS: keep(keepRule, 'The same for reject files of which nothing is open any more.'),
  KEEP_LOGS: keep(keepRule, 'The same for log files; LOG_DAYS holds besides.'),
  KEEP_LEDGER: keep(
    keepDays,
    'How long the ledger remembers files of which nothing is published, and whose file is gone.',
  ),
  COMPACT_DAYS: optional(
    wholeNumber(0, 36_500, 'of days'),
    'Upkeep folds segments that were published so long ago.',
    'unset: none',
  ),
  COMPACT_KEEP: optional(
    wholeNumber(0, 1_000_000, 'of segments'),
    'Upkeep folds all but so many of the newest segments of each version table.',
    'unset: none',
  ),
  UPKEEP_SCHEDULE: withDefault(
    cronPattern,
    '30 3 * * *',
    'When the service does what the variables above ask for.',
  ),
  OPENLINEAGE_URL: optional(
    httpUrl,
    'Where each load and each model is told as OpenLineage events, by POST; without a path, to /api/v1/lineage.',
    'unset: nowhere',
  ),
  OPENLINEAGE_API_KEY: optional(secret, 'Sent along as a Bearer token.', 'unset'),
  OPENLINEAGE_FILE: optional(path, 'File that the same events are appended to, one a line.', 'unset: none'),
  OPENLINEAGE_NAMESPACE: withDefault(anyText, 'sluice', 'Namespace of the jobs in OpenLineage events.'),
  SLUICE_CONFIG: optional(
    path,
    'The configuration file.',
    'unset: sluice.config.ts, .mts, .mjs or .js in the working directory, when there is one',
  ),
};

type Variables = typeof VARIABLES;
export type VariableName = keyof Variables;

/** Parsed values by variable name; undefined where an optional variable is unset. */
export type EnvironmentValues = {
  readonly [N in VariableName]: Variables[N] extends Variable<infer T> ? T : never;
};

/** A value that is not allowed. `value` is safe to print: passwords are masked. */
export interface VariableProblem {
  readonly variable: string;
  readonly value: string;
  readonly allowed: string;
}

export const VARIABLE_NAMES = Object.keys(VARIABLES) as readonly VariableName[];

/** Every variable in the order of the documentation. */
export function describeEnvironment(): readonly VariableDescription[] {
  return Object.entries(VARIABLES).map(([name, { description, allowed, default: shown }]) => ({
    name,
    description,
    allowed,
    default: shown,
  }));
}

/** Parses the variables in `env`. An empty or blank value counts as unset. Every problem is returned, not the first. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): {
  values: EnvironmentValues;
  problems: VariableProblem[];
} {
  const given = Object.entries(env).filter(([name, text]) => name in VARIABLES && text?.trim());
  const problems: VariableProblem[] = [];
  const values = customCleanEnv(Object.fromEntries(given), envalidSpecs(), (cleaned) => cleaned, {
    reporter({ errors }) {
      for (const [variable, error] of Object.entries(errors)) {
        problems.push({ variable, value: printable(variable, env[variable]), allowed: messageOf(error) });
      }
    },
  });
  return { values: values as unknown as EnvironmentValues, problems };
}

function envalidSpecs(): Record<string, ValidatorSpec<unknown>> {
  const specs = Object.entries(VARIABLES).map(([name, variable]) => {
    const validator = makeExactValidator<unknown>(parserOf(variable));
    return [name, validator({ default: variable.fallback, desc: variable.description })];
  });
  return Object.fromEntries(specs);
}

function parserOf({ kind, allowed }: Variable<unknown>): (text: string) => unknown {
  return (text) => {
    const value = kind.parse(text.trim());
    if (value === undefined) throw new EnvError(`allowed is ${allowed}`);
    return value;
  };
}

/** Also names that are nearly one of ours. A file's name is none, unless somebody put the secret in its place. */
const HOLDS_SECRET = /GPG|PGP|PASS|SECRET|TOKEN|KEY/i;

/** A value as it may stand in a message: no password, no key, no control characters. */
export function printable(variable: string, value = ''): string {
  if (HOLDS_SECRET.test(variable) || value.includes('BEGIN PGP')) return '***';
  const holdsUrl = variable === 'DATABASE_URL' || /:\/\/|@/.test(value);
  return quoteIfOdd(holdsUrl ? maskMalformedUrl(value) : maskUrl(value));
}

/** Nothing of a URL that cannot be parsed is shown unless it is certain where the password ends. */
function maskMalformedUrl(text: string): string {
  const masked = maskUrl(text.replace(/^(\s*[a-z]+:\/\/[^:@/]*):.*@/is, '$1:***@'));
  const rest = masked.replace(/^[^@]*:\*\*\*@/, '//');
  return /^\s*[a-z]*:?\/\/[^:@]*(:\d{1,5})?([/?][^@]*)?$/i.test(rest) ? masked : '***';
}
