import { CHECK_KINDS } from '../../config/check-checks.ts';

type Written = Readonly<Record<string, unknown>>;

const isKind = (word: string) => CHECK_KINDS.some((kind) => kind === word);

/**
 * A check as the header of a model has it, `[warn|hold|fail] KIND WHAT`, in the shape of the configuration file; what is wrong
 * with that shape is found there. Null when it cannot be read.
 */
export function parseCheck(text: string): Written | null {
  const [, severity, check = '', rest = ''] =
    /^(?:(warn|hold|fail)\s+)?(\w+)(?:\s+(.*))?$/s.exec(text.trim()) ?? [];
  const options = isKind(check) ? OPTIONS[check]?.(rest.trim()) : { check };
  if (options === undefined || options === null) return null;
  return { check, ...options, ...(severity !== undefined && { severity }) };
}

const OPTIONS: Readonly<Record<string, (rest: string) => Written | null>> = {
  not_null: (rest) => ({ columns: listOf(rest) }),
  unique: (rest) => ({ columns: listOf(rest) }),
  accepted_values: (rest) => {
    const [, column, values] = /^(.+?)\s*:\s*(.+)$/s.exec(rest) ?? [];
    return values === undefined ? null : { column, values: listOf(values).map(unquoted) };
  },
  range: (rest) => {
    const [, column, min = '', max = ''] = /^(.+?)\s*:\s*(.*?)\s*\.\.\s*(.*)$/s.exec(rest) ?? [];
    return column === undefined ? null : { column, min: boundOf(min), max: boundOf(max) };
  },
  foreign_key: (rest) => {
    const [, column, kind = 'warehouse', target] =
      /^(.+?)\s*->\s*(?:(staging|warehouse)\.)?([^.]+\.[^.]+)$/s.exec(rest) ?? [];
    return column === undefined ? null : { column, references: `${kind}.${target}` };
  },
  row_count: (rest) => {
    const [, min, max] = /^([\d.]*?%?)\s*\.\.\s*([\d.]*%?)$/.exec(rest) ?? [];
    if (min === undefined || max === undefined) return null;
    const isRatio = [min, max].some((end) => end.endsWith('%'));
    const [low, high] = [min, max].map((end) => amountOf(end));
    return isRatio ? { minRatio: low, maxRatio: high } : { min: low, max: high };
  },
  freshness: () => ({}),
  sql: (rest) => {
    const [, name, sql] = /^([^:]+?)\s*:\s*(.+)$/s.exec(rest) ?? [];
    return sql === undefined ? null : { name, sql };
  },
};

function listOf(text: string): string[] {
  return text === '' ? [] : text.split(',').map((item) => item.trim());
}

function unquoted(text: string): string {
  return /^'.*'$/s.test(text) ? text.slice(1, -1).replaceAll("''", "'") : text;
}

function boundOf(text: string): string | number | undefined {
  if (text === '') return undefined;
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : unquoted(text);
}

/** `50%` is 0.5. */
function amountOf(text: string): number | undefined {
  if (text === '') return undefined;
  return text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
}
