import { isRegExp } from 'node:util/types';
import type { CheckConfig } from './define-checks.ts';

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

type Holds = (value: unknown) => boolean;

const isText: Holds = (value) => typeof value === 'string' && value.trim() !== '';
const isNumber: Holds = (value) => typeof value === 'number' && Number.isFinite(value);
const isAmount: Holds = (value) => isNumber(value) && Number(value) >= 0;
const isBound: Holds = (value) => isText(value) || isNumber(value);
const isColumns: Holds = (value) =>
  isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText));
const isDays: Holds = (value) =>
  ['daily', 'workdays'].includes(String(value)) ||
  (Array.isArray(value) && value.length > 0 && value.every((day) => WEEKDAYS.includes(day)));

interface Option {
  readonly holds: Holds;
  readonly allowed: string;
  readonly needed?: boolean;
}

const COLUMN: Option = { holds: isText, allowed: 'the name of a column', needed: true };
const COLUMNS: Option = { holds: isColumns, allowed: 'a column, or an array of columns', needed: true };
const BOUND: Option = { holds: isBound, allowed: 'a number or a text' };
const AMOUNT: Option = { holds: isAmount, allowed: 'a number from 0' };

/** What each kind of check takes besides `check`, `name` and `severity`. */
const OPTIONS: Readonly<Record<CheckConfig['check'], Readonly<Record<string, Option>>>> = {
  not_null: { columns: COLUMNS },
  unique: {
    columns: COLUMNS,
    within: {
      holds: (value) => ['dataset', 'delivery'].includes(String(value)),
      allowed: 'dataset or delivery',
    },
  },
  accepted_values: {
    column: COLUMN,
    values: {
      holds: (value) =>
        Array.isArray(value) &&
        value.length > 0 &&
        value.every((one) => typeof one === 'string' || isNumber(one)),
      allowed: 'an array of texts or numbers',
      needed: true,
    },
  },
  range: { column: COLUMN, min: BOUND, max: BOUND },
  foreign_key: {
    column: COLUMN,
    references: {
      holds: (value) => /^(staging|warehouse)\.[^.]+\.[^.]+$/su.test(String(value)),
      allowed: 'warehouse.MODEL.COLUMN or staging.DATASET.COLUMN',
      needed: true,
    },
  },
  row_count: { min: AMOUNT, max: AMOUNT, minRatio: AMOUNT, maxRatio: AMOUNT },
  freshness: {
    by: {
      holds: (value) => /^([01]?\d|2[0-3]):[0-5]\d$/.test(String(value)),
      allowed: 'a time of day such as 08:00',
      needed: true,
    },
    days: { holds: isDays, allowed: 'daily, workdays or an array of mon, tue, wed, thu, fri, sat, sun' },
    rows: { holds: (value) => Number.isSafeInteger(value) && Number(value) > 0, allowed: 'a number of rows' },
  },
  sql: { sql: { holds: isText, allowed: 'one SELECT', needed: true } },
};

/** Every kind of check. */
export const CHECK_KINDS = Object.keys(OPTIONS) as readonly CheckConfig['check'][];

/** What is wrong with the checks of a dataset or model. */
export function checksProblems(path: string, checks: unknown, of: 'dataset' | 'model'): string[] {
  if (!Array.isArray(checks)) return [`${path} must be an array of checks`];
  const problems = checks.flatMap((check: unknown, at) => checkProblems(`${path}[${at}]`, check, of));
  if (problems.length > 0) return problems;
  const names = checks.map((check: CheckConfig) => checkName(check));
  return names.flatMap((name, at) =>
    names.indexOf(name) === at
      ? []
      : [`${path}[${at}] and ${path}[${names.indexOf(name)}] are both called ${name}; give one a name`],
  );
}

/** What is wrong with one check. */
export function checkProblems(path: string, check: unknown, of: 'dataset' | 'model'): string[] {
  if (typeof check !== 'object' || check === null || Array.isArray(check) || isRegExp(check)) {
    return [`${path} must be an object`];
  }
  const given: Record<string, unknown> = { ...check };
  const kind = CHECK_KINDS.find((known) => known === given.check);
  if (kind === undefined) return [`${path}.check must be one of ${CHECK_KINDS.join(', ')}`];
  const options: Readonly<Record<string, Option>> = { ...OPTIONS[kind], ...commonOptions(kind) };
  const problems = Object.entries(given).flatMap(([key, value]) => {
    if (key === 'check' || value === undefined) return [];
    const option = Object.hasOwn(options, key) ? options[key] : undefined;
    if (option === undefined)
      return [`${path}.${key} means nothing to ${kind}; allowed are ${Object.keys(options).join(', ')}`];
    return option.holds(value) ? [] : [`${path}.${key} must be ${option.allowed}`];
  });
  const missing = Object.keys(options).filter(
    (key) => options[key]?.needed === true && given[key] === undefined,
  );
  problems.push(...missing.map((key) => `${path}.${key} is missing`));
  if (kind === 'range' && given.min === undefined && given.max === undefined) {
    problems.push(`${path} needs min, max or both`);
  }
  const counts = ['min', 'max', 'minRatio', 'maxRatio'];
  if (kind === 'row_count' && counts.every((key) => given[key] === undefined)) {
    problems.push(`${path} needs one of ${counts.join(', ')}`);
  }
  if (given.within !== undefined && of === 'model') problems.push(`${path}.within is for checks of datasets`);
  if (kind === 'freshness' && of === 'model') problems.push(`${path}: freshness is a check of datasets`);
  return problems;
}

function commonOptions(kind: CheckConfig['check']): Readonly<Record<string, Option>> {
  // A feed that is late can be neither held nor stopped.
  const severities = kind === 'freshness' ? ['warn', 'fail'] : ['warn', 'hold', 'fail'];
  return {
    name: {
      holds: (value) => typeof value === 'string' && /^[\p{L}\p{N}_ .-]{1,100}$/u.test(value),
      allowed: 'up to 100 letters, digits, _, -, dots and spaces',
      needed: kind === 'sql',
    },
    severity: {
      holds: (value) => severities.includes(String(value)),
      allowed: `one of ${severities.join(', ')}`,
    },
  };
}

/** What a check is called: by its own name, or by kind and columns. */
export function checkName(config: CheckConfig): string {
  if (config.name !== undefined) return config.name;
  const columns = 'columns' in config ? [config.columns].flat() : 'column' in config ? [config.column] : [];
  return [config.check, ...columns].join('_');
}
