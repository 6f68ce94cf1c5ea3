import { isRegExp } from 'node:util/types';

const OPTIONS = ['name', 'key', 'columns', 'references', 'description'];

/** What is wrong with the shape of `base`; what its files say is checked when they are read. */
export function baseProblems(base: readonly unknown[]): string[] {
  return base.flatMap((one, index) => {
    const path = `base[${index}]`;
    if (!isObject(one)) return [`${path} must be an object`];
    const unknown = Object.keys(one).filter((key) => !OPTIONS.includes(key));
    const { name, key, columns, references, description } = one;
    return [
      ...unknown.map((option) => `${path}.${option} is not an option; allowed are ${OPTIONS.join(', ')}`),
      ...(isText(name) ? [] : [`${path}.name must be the name of a file in base/, without its ending`]),
      ...(key === undefined || isTexts(key) ? [] : [`${path}.key must be an array of columns`]),
      ...(columns === undefined || isTextRecord(columns)
        ? []
        : [`${path}.columns must be an object of types by column`]),
      ...(references === undefined || isTextRecord(references)
        ? []
        : [`${path}.references must be an object of model.column by column`]),
      ...(description === undefined || isText(description) ? [] : [`${path}.description must be a text`]),
    ];
  });
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isText);
}

function isTextRecord(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(isText);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRegExp(value);
}
