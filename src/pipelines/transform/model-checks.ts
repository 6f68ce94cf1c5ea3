import { checkName, checkProblems } from '../../config/check-checks.ts';
import type { CheckConfig } from '../../config/define-checks.ts';
import { scanSql } from '../../db/scan-sql.ts';
import type { Reference } from './model.ts';

/** A check of a model, and the line of its file. */
export interface ModelCheck {
  readonly config: CheckConfig;
  readonly line: number;
}

/** A check as it was written; null: it could not be read. */
export interface WrittenCheck {
  readonly written: unknown;
  readonly line: number;
}

/** The checks of a model, looked at by themselves. */
export function toChecks(
  checks: readonly WrittenCheck[],
  refuse: (line: number, reason: string) => never,
): ModelCheck[] {
  const read = checks.map(({ written, line }): ModelCheck => {
    if (written === null) refuse(line, 'this is not a check; docs/checks.md has one of each kind');
    const [problem] = checkProblems('check', written, 'model');
    if (problem !== undefined) refuse(line, problem);
    return { config: written as CheckConfig, line };
  });
  const names = read.map(({ config }) => checkName(config));
  for (const [at, { line }] of read.entries()) {
    const name = names[at] as string;
    if (names.indexOf(name) !== at) refuse(line, `another check is called ${name}; give one a name`);
  }
  return read;
}

/** The tables that checks look into besides the rows they check. */
export function referencesOfChecks(
  checks: readonly ModelCheck[],
  reference: (written: string, line: number) => Reference,
): Reference[] {
  return checks.flatMap(({ config, line }) => {
    if (config.check === 'foreign_key') return [reference(config.references.replace(/\.[^.]*$/s, ''), line)];
    if (config.check !== 'sql') return [];
    const texts = scanSql(config.sql).placeholders.map(({ text }) => text);
    return texts.filter((text) => text !== 'rows').map((text) => reference(text, line));
  });
}
