import { isRegExp } from 'node:util/types';
import picomatch from 'picomatch';
import { ENCODINGS } from '../formats/delimited/dialect.ts';
import { typeMaps } from '../formats/dump/type-maps.ts';
import { BINARY_NOTATIONS } from '../formats/dump/value-transform.ts';
import { identifierFrom } from '../naming.ts';
import { baseProblems } from './check-base.ts';
import { checksProblems } from './check-checks.ts';
import { exportProblems } from './check-exports.ts';
import { modelProblems } from './check-models.ts';
import { sourceProblems } from './check-sources.ts';
import type { SluiceConfig } from './define.ts';
import { quoteIfOdd } from './quote-if-odd.ts';
import { parseRejectLimit, REJECT_LIMIT_ALLOWED } from './reject-limit.ts';
import { upkeepProblems } from './upkeep-settings.ts';

/** Returns what is wrong with a value, or null. */
type Check = (value: unknown) => string | null;

type Shape = Readonly<Record<string, Check>>;

/** A version table is named `<dataset>__v<N>` within Postgres's 63 bytes. */
const LONGEST_DATASET_BYTES = 55;

const ARCHIVE_POLICIES = ['all-or-nothing', 'per-entry'];

const DIALECT: Shape = {
  encoding: oneOf(ENCODINGS),
  delimiter: test(isDelimiter, '1 to 8 characters without a quote or line break'),
  quote: oneOf(['"', "'", null]),
  escape: oneOf(['"', "'", '\\', null]),
  newline: oneOf(['\n', '\r\n', '\r']),
  header: test((value) => typeof value === 'boolean', 'true or false'),
  preambleLines: test(
    (value) => Number.isSafeInteger(value) && Number(value) >= 0,
    'a whole number of lines',
  ),
  footerLines: test((value) => Number.isSafeInteger(value) && Number(value) >= 0, 'a whole number of lines'),
  nullMarker: test(
    (value) => typeof value === 'string' && !/[\r\n\0]/.test(value),
    'a text without line breaks',
  ),
};

const CONTRACT: Shape = {
  newTable: oneOf(['evolve', 'freeze', 'discard']),
  newColumn: oneOf(['evolve', 'freeze', 'discard']),
  missingColumn: oneOf(['evolve', 'freeze', 'discard']),
  typeChange: oneOf(['evolve', 'widen', 'freeze', 'discard']),
  parent: oneOf(['widen', 'common']),
};

const REDELIVERY: Shape = {
  sameContent: oneOf(['duplicate', 'load']),
  changed: oneOf(['append', 'supersede', 'hold']),
  by: oneOf(['name', 'businessDate']),
};

const COMPLETE: Shape = {
  marker: test(
    (value) => typeof value === 'boolean' || isEnding(value),
    "true, false or an ending such as '.ok'",
  ),
  checksum: oneOf(['required', 'if-present']),
  control: test((value) => typeof value === 'boolean' || isObject(value), 'true, false or an object'),
  trailer: test(
    (value) => isRegExp(value) && value.source.includes('(?<count>'),
    'a RegExp with the named group count',
  ),
  waitMs: test(
    (value) => Number.isSafeInteger(value) && Number(value) >= 0,
    'a whole number of milliseconds',
  ),
};

const CONTROL: Shape = {
  file: test(
    (value) =>
      typeof value === 'string' && /^[^/\0]*\{(?:name|stem)\}[^/\0]*$/.test(value) && value !== '{name}',
    'a file name with {name} or {stem} in it',
  ),
  field: test((value) => typeof value === 'string' && value.trim() !== '', 'the name of a field'),
};

const DATASET: Shape = {
  name: test(
    isDatasetName,
    `a name of up to ${LONGEST_DATASET_BYTES} bytes with a letter or digit, not ending in __v<number>, __all or __row`,
  ),
  match: test(isMatch, 'a glob on the file name (without folders) or a RegExp'),
  label: test((value) => value === false || isRegExp(value), 'a RegExp or false'),
  dialect: test(isObject, 'an object'),
  columns: test(isObject, 'an object of types by column name'),
  source: oneOf([...typeMaps().keys()]),
  binary: oneOf([...BINARY_NOTATIONS, 'drop']),
  contract: test(isObject, 'an object'),
  disposition: oneOf(['append', 'replace']),
  redelivery: test(isObject, 'an object'),
  parentColumns: test(isObject, 'an object of types by column name'),
  folders: oneOf(['shared', 'separate']),
  complete: test(isObject, 'an object'),
  checks: test(Array.isArray, 'an array of checks'),
  ragged: oneOf(['reject', 'pad']),
  archive: oneOf(ARCHIVE_POLICIES),
  rejectLimit: test(isRejectLimit, REJECT_LIMIT_ALLOWED),
};

const DUMP: Shape = {
  match: test(isMatch, 'a glob on the file name (without folders) or a RegExp'),
  app: test(
    (value) => typeof value === 'string' && Buffer.byteLength(value) <= 40,
    'a text of up to 40 bytes',
  ),
  label: test((value) => value === false || isRegExp(value), 'a RegExp or false'),
};

const TOP: Shape = {
  dumps: test(Array.isArray, 'an array of dumps'),
  models: test(Array.isArray, 'an array of models'),
  base: test(Array.isArray, 'an array of base tables'),
  exports: test(Array.isArray, 'an array of exports'),
  sources: test(Array.isArray, 'an array of sources'),
  examples: test((value) => typeof value === 'boolean', 'true or false'),
  datasets: test(Array.isArray, 'an array of datasets'),
  archive: oneOf(ARCHIVE_POLICIES),
  skipEntries: test(isGlobs, 'an array of globs on names inside archives'),
  upkeep: test(isObject, 'an object'),
};

const columnType = test(
  (value) =>
    typeof value === 'string' && value.trim() !== '' && !/[;\0]/.test(value) && !value.includes('--'),
  'a Postgres type such as bigint or numeric(12,2)',
);

/** Checks what the configuration file exported; every problem names its key path. */
export function checkConfig(exported: unknown): { value: SluiceConfig; problems: string[] } {
  const problems = configProblems(exported);
  return problems.length > 0
    ? { value: {}, problems }
    : { value: copyOf(exported as SluiceConfig), problems };
}

function configProblems(exported: unknown): string[] {
  if (!isObject(exported)) return [`the default export must be an object, not ${describe(exported)}`];
  const datasets = exported.datasets;
  const problems = checkShape('', exported, TOP);
  if (Array.isArray(exported.models)) problems.push(...modelProblems(exported.models));
  if (Array.isArray(exported.sources)) problems.push(...sourceProblems(exported.sources));
  if (Array.isArray(exported.base)) problems.push(...baseProblems(exported.base));
  if (Array.isArray(exported.exports)) problems.push(...exportProblems(exported.exports));
  if (Array.isArray(exported.dumps)) problems.push(...exported.dumps.flatMap(dumpProblems));
  if (isObject(exported.upkeep)) problems.push(...upkeepProblems(exported.upkeep));
  if (!Array.isArray(datasets)) return problems;
  problems.push(...datasets.flatMap((dataset, index) => datasetProblems(`datasets[${index}]`, dataset)));
  return problems.concat(duplicateNames(datasets));
}

function dumpProblems(dump: unknown, index: number): string[] {
  const path = `dumps[${index}]`;
  if (!isObject(dump)) return [`${path} must be an object, not ${describe(dump)}`];
  const missing = dump.match === undefined ? [`${path}.match is missing`] : [];
  return [...checkShape(path, dump, DUMP), ...missing];
}

function datasetProblems(path: string, dataset: unknown): string[] {
  if (!isObject(dataset)) return [`${path} must be an object, not ${describe(dataset)}`];
  const problems = checkShape(path, dataset, DATASET);
  if (dataset.name === undefined) problems.push(`${path}.name is missing`);
  const { dialect, contract, redelivery, columns, parentColumns, complete } = dataset;
  if (isObject(dialect)) {
    problems.push(...checkShape(`${path}.dialect`, dialect, DIALECT), ...dialectConflicts(path, dialect));
  }
  if (isObject(redelivery)) problems.push(...checkShape(`${path}.redelivery`, redelivery, REDELIVERY));
  if (Array.isArray(dataset.checks))
    problems.push(...checksProblems(`${path}.checks`, dataset.checks, 'dataset'));
  if (isObject(complete)) problems.push(...completeProblems(`${path}.complete`, complete));
  if (isObject(contract)) problems.push(...checkShape(`${path}.contract`, contract, CONTRACT));
  if (isObject(columns)) problems.push(...columnProblems(`${path}.columns`, columns));
  if (isObject(parentColumns)) problems.push(...columnProblems(`${path}.parentColumns`, parentColumns));
  return problems;
}

function completeProblems(path: string, complete: Record<string, unknown>): string[] {
  const { control } = complete;
  const own = isObject(control) ? checkShape(`${path}.control`, control, CONTROL) : [];
  return [...checkShape(path, complete, COMPLETE), ...own];
}

/** What is put behind a file's name to make another's. */
function isEnding(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    /^\.[^/\0]+$/.test(value) &&
    !/\.(?:csv|tsv|txt|dat|gz|zst|zip|tar)$/i.test(value)
  );
}

function columnProblems(path: string, columns: Record<string, unknown>): string[] {
  return Object.entries(columns).flatMap(([name, type]) => {
    const allowed = identifierFrom(name) === '' ? 'a column name with a letter or digit' : columnType(type);
    return allowed === null
      ? []
      : [`${path}[${JSON.stringify(name)}] is ${describe(type)}; allowed is ${allowed}`];
  });
}

function dialectConflicts(path: string, dialect: Record<string, unknown>): string[] {
  const { delimiter, quote, escape: escapedBy } = dialect;
  const problems: string[] = [];
  if (typeof quote === 'string' && typeof delimiter === 'string' && delimiter.includes(quote)) {
    problems.push(`${path}.dialect.delimiter contains the quote`);
  }
  if ((escapedBy === '"' || escapedBy === "'") && quote !== undefined && escapedBy !== quote) {
    problems.push(`${path}.dialect.escape must be the quote itself (doubled), "\\\\" or null`);
  }
  return problems;
}

function duplicateNames(datasets: readonly unknown[]): string[] {
  const first = new Map<string, number>();
  return datasets.flatMap((dataset, index) => {
    const name = isObject(dataset) && typeof dataset.name === 'string' ? identifierFrom(dataset.name) : '';
    const earlier = first.get(name);
    if (name === '' || earlier === undefined) {
      first.set(name, index);
      return [];
    }
    return [`datasets[${index}].name and datasets[${earlier}].name are both the dataset ${name}`];
  });
}

function checkShape(path: string, value: Record<string, unknown>, shape: Shape): string[] {
  const prefix = path === '' ? '' : `${path}.`;
  return Object.entries(value).flatMap(([key, item]) => {
    const check = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (check === undefined) {
      return [`${prefix}${quoteIfOdd(key)} is not an option; allowed are ${Object.keys(shape).join(', ')}`];
    }
    const allowed = item === undefined ? null : check(item);
    return allowed === null ? [] : [`${prefix}${key} is ${describe(item)}; allowed is ${allowed}`];
  });
}

function test(holds: (value: unknown) => boolean, allowed: string): Check {
  return (value) => (holds(value) ? null : allowed);
}

function oneOf(values: readonly unknown[]): Check {
  return test(
    (value) => values.includes(value),
    `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRegExp(value);
}

function isDelimiter(value: unknown): boolean {
  return typeof value === 'string' && value.length >= 1 && value.length <= 8 && !/["'\r\n\0]/.test(value);
}

function isDatasetName(value: unknown): boolean {
  const name = typeof value === 'string' ? identifierFrom(value) : '';
  return name !== '' && Buffer.byteLength(name) <= LONGEST_DATASET_BYTES && !/__(?:v\d+|all|row)$/.test(name);
}

function isMatch(value: unknown): boolean {
  if (isRegExp(value)) return true;
  if (typeof value !== 'string' || value.trim() === '' || value.includes('/')) return false;
  return picomatch.makeRe(value) instanceof RegExp;
}

function isGlobs(value: unknown): boolean {
  return Array.isArray(value) && value.every((glob) => typeof glob === 'string' && glob.trim() !== '');
}

function isRejectLimit(value: unknown): boolean {
  return (typeof value === 'number' || typeof value === 'string') && parseRejectLimit(value) !== null;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : quoteIfOdd(String(value));
  return Array.isArray(value) ? 'an array' : `${shown} (${typeof value})`;
}

/** Detached from the file's own objects. A RegExp loses `g` and `y`, whose state would be shared between files. */
function copyOf(config: SluiceConfig): SluiceConfig {
  const datasets = (config.datasets ?? []).map(({ match, label, ...rest }) => ({
    ...structuredClone(rest),
    ...(match !== undefined && { match: stateless(match) }),
    ...(label !== undefined && { label: stateless(label) }),
  }));
  const dumps = (config.dumps ?? []).map(({ match, label, ...more }) => ({
    ...more,
    match: stateless(match),
    ...(label !== undefined && { label: stateless(label) }),
  }));
  const { archive, skipEntries = [], models = [], base = [], exports = [], sources = [] } = config;
  const { examples = true, upkeep = {} } = config;
  const rest = { ...structuredClone({ models, base, exports, sources, upkeep }), examples };
  return { datasets, dumps, skipEntries: [...skipEntries], ...(archive && { archive }), ...rest };
}

function stateless<T>(pattern: T): T | RegExp {
  return isRegExp(pattern) ? new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')) : pattern;
}
