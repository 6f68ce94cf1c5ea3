import { relative, resolve } from 'node:path';
import { SluiceError } from '../errors.ts';
import { loadConfigFile } from './config-file.ts';
import { type DecryptionSecrets, readDecryption } from './decryption.ts';
import { readEnvFile } from './env-file.ts';
import { type EnvironmentValues, readEnvironment, type VariableProblem } from './environment.ts';
import { nearMisses } from './near-miss.ts';
import type { Settings } from './settings.ts';
import { strayUrls, withUrls } from './source-urls.ts';
import { upkeepSettings } from './upkeep-settings.ts';

export interface SettingsSources {
  /** The environment; it wins over `.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of `.env` and `sluice.config.ts`, and the base of relative paths. */
  readonly cwd: string;
  /** From `--config`; wins over SLUICE_CONFIG. */
  readonly configPath?: string | undefined;
}

/**
 * Reads, validates and freezes everything that can be set.
 *
 * @throws CONFIG_INVALID naming every variable that is wrong; CONFIG_FILE_INVALID for `.env` or the configuration file
 */
export async function loadSettings({ env, cwd, configPath }: SettingsSources): Promise<Settings> {
  const file = await readEnvFile(cwd);
  const merged = { ...file.variables, ...definedOnly(env) };
  const { values, problems } = readEnvironment(merged);
  const { decryption, problems: secretProblems } = await readDecryption(values, cwd);
  const all = [
    ...problems,
    ...secretProblems,
    ...file.problems,
    ...nearMisses(env),
    ...contradictions(values, cwd),
  ];
  if (all.length > 0) throw invalid(all);
  const config = await loadConfigFile(cwd, configPath ?? values.SLUICE_CONFIG);
  const {
    datasets = [],
    archive = 'all-or-nothing',
    dumps = [],
    skipEntries = [],
    models = [],
    base = [],
    exports = [],
    sources = [],
    upkeep = {},
    examples = true,
  } = config;
  const stray = strayUrls(sources, file.variables);
  if (stray.length > 0) throw invalid(stray);
  return deepFreeze({
    ...settingsFrom(values, cwd, decryption),
    upkeep: upkeepSettings(values, upkeep, (name) => Boolean(merged[name]?.trim())),
    datasets,
    archive,
    dumps,
    skipEntries,
    models,
    base,
    exports,
    sources: withUrls(sources, merged),
    examples,
  });
}

function definedOnly(env: SettingsSources['env']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
}

function invalid(problems: readonly VariableProblem[]): SluiceError {
  return new SluiceError('CONFIG_INVALID', {
    variable: problems.map((problem) => problem.variable).join(', '),
    problems: problems
      .map(({ variable, value, allowed }) => `${variable}=${value} is not valid: ${allowed}`)
      .join('; '),
  });
}

/** Values that are each allowed but not together. */
function contradictions(values: EnvironmentValues, cwd: string): VariableProblem[] {
  const problems: VariableProblem[] = [];
  const { STAGING_SCHEMA: staging, DW_SCHEMA: warehouse } = values;
  if (warehouse === staging || warehouse === `${staging}_segments`) {
    const allowed = 'a name other than STAGING_SCHEMA and its _segments schema';
    problems.push({ variable: 'DW_SCHEMA', value: warehouse, allowed: `allowed is ${allowed}` });
  }
  for (const variable of ['DATA_DIR', 'EXPORTS_DIR', 'LOGS_DIR', 'OPENLINEAGE_FILE'] as const) {
    const value = values[variable];
    if (value !== undefined && isWithin(resolve(cwd, value), resolve(cwd, values.IMPORTS_DIR))) {
      const allowed = 'allowed is a place outside IMPORTS_DIR, where everything is taken for a source file';
      problems.push({ variable, value, allowed });
    }
  }
  return problems;
}

function isWithin(inner: string, outer: string): boolean {
  const path = relative(outer, inner);
  return (
    path === '' ||
    !(path === '..' || path.startsWith('../') || path.startsWith('..\\') || /^[A-Za-z]:/.test(path))
  );
}

function settingsFrom(
  values: EnvironmentValues,
  cwd: string,
  decryption: DecryptionSecrets,
): Omit<
  Settings,
  | 'datasets'
  | 'archive'
  | 'dumps'
  | 'skipEntries'
  | 'models'
  | 'base'
  | 'exports'
  | 'sources'
  | 'upkeep'
  | 'examples'
> {
  return {
    databaseUrl: values.DATABASE_URL ?? null,
    dataDir: resolve(cwd, values.DATA_DIR),
    importsDir: resolve(cwd, values.IMPORTS_DIR),
    exportsDir: resolve(cwd, values.EXPORTS_DIR),
    warehouseDir: resolve(cwd, values.WAREHOUSE_DIR),
    logsDir: resolve(cwd, values.LOGS_DIR),
    stagingSchema: values.STAGING_SCHEMA,
    dwSchema: values.DW_SCHEMA,
    dev: values.DEV,
    initDb: values.INIT_DB,
    debugLogs: values.DEBUG_LOGS,
    echoSql: values.ECHO_SQL,
    concurrency: values.CONCURRENCY,
    lanes: values.LANES ?? null,
    settleMs: values.SETTLE_MS,
    rescanMs: values.RESCAN_MS,
    incompleteMs: values.INCOMPLETE_MS,
    usePolling: values.USE_POLLING,
    cleanup: values.CLEANUP,
    rejectLimit: values.REJECT_LIMIT,
    logDays: values.LOG_DAYS,
    archiveLimits: {
      entries: values.MAX_ARCHIVE_ENTRIES,
      bytes: values.MAX_ARCHIVE_BYTES,
      ratio: values.MAX_ARCHIVE_RATIO,
    },
    decryption,
    maxEncryptedArchiveBytes: values.MAX_ENCRYPTED_ARCHIVE_BYTES,
    maxRecordBytes: values.MAX_RECORD_BYTES,
    maxAttempts: values.MAX_ATTEMPTS,
    stallMs: values.STALL_MS,
    openLineage: {
      url: values.OPENLINEAGE_URL ?? null,
      apiKey: values.OPENLINEAGE_API_KEY ?? null,
      file: values.OPENLINEAGE_FILE === undefined ? null : resolve(cwd, values.OPENLINEAGE_FILE),
      namespace: values.OPENLINEAGE_NAMESPACE,
    },
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const key of Reflect.ownKeys(value)) deepFreeze(Reflect.get(value, key));
  return value;
}
