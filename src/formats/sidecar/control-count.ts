/** Names under which control files tell the number of records. */
const USUAL = ['records', 'record_count', 'recordcount', 'rows', 'row_count', 'rowcount', 'count', 'lines'];
const SEPARATOR = /[\t;,|]/;

/**
 * The number of records that a control file tells: it holds nothing but a number, or `field=5` (`:`, `"field": 5`, a
 * delimiter or a space do as well) on a line, or a header line with the field and its value under it. Null when there is none.
 */
export function controlCount(text: string, field: string | null): number | null {
  const alone = /^\s*(\d+)\s*$/.exec(text)?.[1];
  if (alone !== undefined && field === null) return toCount(alone);
  for (const name of field === null ? USUAL : [field]) {
    const found = pairIn(text, name) ?? columnIn(text, name);
    if (found !== null) return toCount(found);
  }
  return null;
}

function pairIn(text: string, name: string): string | null {
  const literal = name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const pair = new RegExp(`(?:^|[^\\p{L}\\p{N}_])${literal}["']?[ \\t]*[=:;,|\\t ][ \\t]*["']?(\\d+)`, 'imu');
  return pair.exec(text)?.[1] ?? null;
}

function columnIn(text: string, name: string): string | null {
  const [head = '', values = ''] = text.split(/\r\n|\r|\n/);
  const at = cells(head).findIndex((cell) => cell.toLowerCase() === name.toLowerCase());
  const value = cells(values)[at];
  return value !== undefined && /^\d+$/.test(value) ? value : null;
}

function cells(line: string): string[] {
  return line.split(SEPARATOR).map((cell) => cell.trim().replace(/^(["'])(.*)\1$/, '$2'));
}

function toCount(digits: string): number | null {
  const count = Number(digits);
  return Number.isSafeInteger(count) ? count : null;
}
