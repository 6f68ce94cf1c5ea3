import picomatch from 'picomatch';
import { quoteIfOdd } from './quote-if-odd.ts';

/** The name is part of a variable's. */
const NAME = /^[a-z][a-z0-9_]{0,30}$/i;
const SOURCE_OPTIONS = ['name', 'schema', 'tables'];
const TABLE_OPTIONS = ['name', 'query', 'dataset'];

/** What is wrong with `sources`; whether their tables exist is found out when they are pulled. */
export function sourceProblems(sources: readonly unknown[]): string[] {
  const names = new Map<string, number>();
  return sources.flatMap((source, index) => {
    const path = `sources[${index}]`;
    if (!isObject(source)) return [`${path} must be an object`];
    const { name, schema, tables } = source;
    const problems = unknownOptions(path, source, SOURCE_OPTIONS);
    if (typeof name !== 'string' || !NAME.test(name)) {
      problems.push(`${path}.name must be 1 to 31 letters, digits and _, beginning with a letter`);
    } else {
      const earlier = names.get(name.toLowerCase());
      if (earlier !== undefined) problems.push(`${path}.name and sources[${earlier}].name are the same`);
      names.set(name.toLowerCase(), index);
    }
    if (schema !== undefined && !isText(schema)) problems.push(`${path}.schema must be a text`);
    if (tables !== undefined && !Array.isArray(tables)) problems.push(`${path}.tables must be an array`);
    return Array.isArray(tables) ? problems.concat(tableProblems(path, tables)) : problems;
  });
}

function tableProblems(source: string, tables: readonly unknown[]): string[] {
  return tables.flatMap((table, index) => {
    const path = `${source}.tables[${index}]`;
    if (typeof table === 'string') return isGlob(table) ? [] : [`${path} must be a name or a glob`];
    if (!isObject(table)) return [`${path} must be a name, a glob or an object`];
    const problems = unknownOptions(path, table, TABLE_OPTIONS);
    if (!isText(table.name)) problems.push(`${path}.name must be a text`);
    for (const key of ['query', 'dataset']) {
      if (table[key] !== undefined && !isText(table[key])) problems.push(`${path}.${key} must be a text`);
    }
    return problems;
  });
}

function unknownOptions(path: string, value: Record<string, unknown>, allowed: readonly string[]): string[] {
  return Object.keys(value)
    .filter((key) => !allowed.includes(key))
    .map((key) => `${path}.${quoteIfOdd(key)} is not an option; allowed are ${allowed.join(', ')}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && !value.includes('\0');
}

function isGlob(value: string): boolean {
  return isText(value) && value !== '!' && picomatch.makeRe(value) instanceof RegExp;
}
