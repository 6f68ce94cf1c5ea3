import { lineAt } from '../../db/scan-sql.ts';
import { SluiceError } from '../../errors.ts';
import type { WrittenCheck } from './model-checks.ts';
import { parseCheck } from './parse-check.ts';
import type { ModelText } from './to-model.ts';

/** `-- @key a, b` at the start of a line. */
const OPTION = /^[ \t]*--[ \t]*@(\w*)[ \t]*(.*?)[ \t]*$/gm;

/** Options of the header, and those of them that are lists. */
const OPTIONS = new Set([
  'name',
  'materialized',
  'key',
  'id',
  'row_hash',
  'not_null',
  'references',
  'delete_when',
  'valid_from',
  'dimension',
  'source',
  'depends',
  'schedule',
  'check',
  'description',
]);
/** May be given several times, a line each. */
const REPEATED = new Set(['references', 'depends', 'check', 'description']);

/**
 * Reads a model file: a header of `-- @option value` lines, and one SELECT. Where the option lines stand does not
 * matter. Throws MODEL_INVALID with file and line.
 */
export function parseModel(file: string, name: string, text: string): ModelText {
  const options = new Map<string, string[]>();
  const lines = new Map<string, number>();
  const checks: WrittenCheck[] = [];
  for (const found of text.matchAll(OPTION)) {
    const [, option = '', value = ''] = found;
    const line = lineAt(text, found.index + found[0].search(/\S/));
    const refuse = (reason: string) => {
      throw new SluiceError('MODEL_INVALID', { file, line, reason });
    };
    if (!OPTIONS.has(option)) refuse(`@${option} is not an option; allowed are ${[...OPTIONS].join(', ')}`);
    if (value === '') refuse(`@${option} has no value`);
    if (option === 'check') checks.push({ written: parseCheck(value), line });
    const earlier = options.get(option);
    if (earlier !== undefined && !REPEATED.has(option)) refuse(`@${option} is given twice`);
    options.set(option, [...(earlier ?? []), value]);
    if (!lines.has(option)) lines.set(option, line);
  }
  const one = (option: string) => options.get(option)?.join(' ') ?? null;
  const list = (option: string) =>
    (options.get(option) ?? []).flatMap((value) => value.split(',')).map((item) => item.trim());
  return {
    file,
    sql: text,
    firstLine: 1,
    lines,
    builtIn: false,
    name: one('name') ?? name,
    materialized: one('materialized'),
    key: list('key'),
    id: one('id'),
    rowHash: one('row_hash'),
    notNull: list('not_null'),
    references: list('references').map((item) => item.split(/\s*->\s*/)),
    deleteWhen: one('delete_when'),
    validFrom: one('valid_from'),
    dimension: one('dimension'),
    source: one('source'),
    depends: list('depends'),
    schedule: one('schedule'),
    checks,
    description: one('description'),
  };
}
