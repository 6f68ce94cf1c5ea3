import { isRegExp } from 'node:util/types';
import { checksProblems } from './check-checks.ts';

const TEXTS = [
  'name',
  'materialized',
  'sql',
  'id',
  'rowHash',
  'deleteWhen',
  'validFrom',
  'source',
  'schedule',
  'description',
];
const LISTS = ['key', 'notNull', 'depends'];
const RECORDS = ['references'];
const CHECKS = 'checks';
const DIMENSION = 'dimension';
const ALL = [...TEXTS, ...LISTS, ...RECORDS, CHECKS, DIMENSION];

/** What is wrong with the shape of `models`; what the models say is checked when they are read. */
export function modelProblems(models: unknown): string[] {
  if (!Array.isArray(models)) return ['models must be an array of models'];
  return models.flatMap((model: unknown, index) => {
    const path = `models[${index}]`;
    if (!isObject(model)) return [`${path} must be an object`];
    const needed = model[DIMENSION] === undefined ? ['name', 'sql'] : ['name'];
    const missing = needed.filter((key) => model[key] === undefined);
    return [
      ...missing.map((key) => `${path}.${key} is missing`),
      ...Object.entries(model).flatMap(([key, value]) => optionProblems(path, key, value)),
    ];
  });
}

function optionProblems(path: string, key: string, value: unknown): string[] {
  if (!ALL.includes(key)) return [`${path}.${key} is not an option; allowed are ${ALL.join(', ')}`];
  if (value === undefined) return [];
  if (key === CHECKS) return checksProblems(`${path}.checks`, value, 'model');
  const isText = (item: unknown) => typeof item === 'string' && item.trim() !== '';
  if (key === DIMENSION) {
    const isDimension = isObject(value) && Object.keys(value).join() === 'from' && isText(value.from);
    return isDimension
      ? []
      : [`${path}.dimension must be { from: 'COLUMN' } or { from: 'staging.DATASET.COLUMN' }`];
  }
  if (TEXTS.includes(key)) return isText(value) ? [] : [`${path}.${key} must be a text`];
  if (LISTS.includes(key)) {
    return Array.isArray(value) && value.every(isText) ? [] : [`${path}.${key} must be an array of names`];
  }
  const isRecord = isObject(value) && Object.values(value).every(isText);
  return isRecord ? [] : [`${path}.${key} must be an object of model.column by column`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRegExp(value);
}
