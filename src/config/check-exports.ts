import { Cron } from 'croner';
import { quoteIfOdd } from './quote-if-odd.ts';

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  format: ['csv', 'jsonl', 'parquet'],
  compression: ['none', 'gzip', 'zstd', 'snappy'],
};
const TEXTS = ['name', 'from', 'query', 'file', 'schedule'];
const ALL = [...TEXTS, ...Object.keys(CHOICES), 'after', 'incremental'];

/** What is wrong with `exports`; whether what they read exists is found out when they are written. */
export function exportProblems(exports: readonly unknown[]): string[] {
  const names = new Map<unknown, number>();
  return exports.flatMap((one: unknown, index) => {
    const path = `exports[${index}]`;
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return [`${path} must be an object`];
    const given: Record<string, unknown> = { ...one };
    const problems = Object.entries(given).flatMap(([key, value]) => optionProblems(path, key, value));
    if (given.name === undefined) problems.push(`${path}.name is missing`);
    if (given.from !== undefined && given.query !== undefined) {
      problems.push(`${path} has both from and query; allowed is one of them`);
    }
    if (given.incremental === true) problems.push(...incrementalProblems(path, given));
    if (given.compression === 'snappy' && given.format !== 'parquet') {
      problems.push(`${path}.compression is snappy, which is for parquet; allowed are none, gzip, zstd`);
    }
    const earlier = names.get(given.name);
    if (earlier !== undefined) problems.push(`${path}.name and exports[${earlier}].name are the same`);
    else names.set(given.name, index);
    return problems;
  });
}

function optionProblems(path: string, key: string, value: unknown): string[] {
  if (!ALL.includes(key)) {
    return [`${path}.${quoteIfOdd(key)} is not an option; allowed are ${ALL.join(', ')}`];
  }
  if (value === undefined) return [];
  const choices = CHOICES[key];
  if (choices !== undefined) {
    const isChoice = typeof value === 'string' && choices.includes(value);
    return isChoice ? [] : [`${path}.${key} must be one of ${choices.join(', ')}`];
  }
  if (key === 'incremental') {
    return typeof value === 'boolean' ? [] : [`${path}.incremental must be true or false`];
  }
  if (key === 'after') return afterProblems(path, value);
  if (typeof value !== 'string' || value.trim() === '') return [`${path}.${key} must be a text`];
  if (key === 'schedule') return scheduleProblems(path, value);
  const unknown = key === 'file' ? value.match(/\{(?!(?:name|date|time|sequence)\})[^{}]*\}/) : null;
  return unknown === null
    ? []
    : [`${path}.file has ${unknown[0]}; allowed are {name}, {date}, {time}, {sequence}`];
}

/** A file of the same name would take the place of rows that nobody writes again. */
function incrementalProblems(path: string, { query, file }: Record<string, unknown>): string[] {
  const problems: string[] = [];
  if (query !== undefined) problems.push(`${path} is incremental and has a query; allowed is from`);
  if (typeof file === 'string' && !file.includes('{sequence}')) {
    problems.push(`${path} is incremental; its file needs {sequence}, or one file overwrites the other`);
  }
  return problems;
}

function afterProblems(path: string, value: unknown): string[] {
  const items: unknown[] = Array.isArray(value) ? value : [value];
  const isKnown = (item: unknown) =>
    typeof item === 'string' && /^(?:transform|publish|(?:staging|warehouse)\.[^.]+)$/su.test(item);
  if (items.length > 0 && items.every(isKnown)) return [];
  return [`${path}.after must be publish, transform, staging.DATASET or warehouse.MODEL, or several of them`];
}

function scheduleProblems(path: string, value: string): string[] {
  try {
    new Cron(value, { paused: true }).stop();
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [`${path}.schedule is no cron pattern: ${reason}`];
  }
}
