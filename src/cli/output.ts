/** Keys of a row of a view, or of anything inside it, in camelCase. */
export function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCased);
  if (value instanceof Date || value === null || typeof value !== 'object' || Buffer.isBuffer(value))
    return value;
  const entries = Object.entries(value).map(([key, inner]) => [camelCase(key), camelCased(inner)] as const);
  return Object.fromEntries(entries);
}

function camelCase(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** One JSON document on stdout. */
export function printJson(value: unknown): void {
  // All but the line feeds between its lines stand inside strings, where an escape means the same.
  printLine(JSON.stringify(value, null, 2));
}

/** Line feeds stay: the text may be several lines. */
export function printLine(line: string): void {
  process.stdout.write(`${line.replace(UNSAFE, (char) => (char === '\n' ? char : escaped(char)))}\n`);
}

/** Rows as an aligned table with a heading; numbers to the right. Control characters are shown, not obeyed. */
export function printTable(columns: readonly string[], rows: readonly (readonly unknown[])[]): void {
  const cells = rows.map((row) => row.map((value, at) => cellText(value, columns[at] !== 'run')));
  const widths = columns.map((name, at) =>
    Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[], source?: readonly unknown[]) =>
    row
      .map((text, at) => {
        const width = widths[at] ?? 0;
        return typeof source?.[at] === 'number' ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  printLine(line(columns));
  for (const [at, row] of cells.entries()) printLine(line(row, rows[at]));
}

const NUMBER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

/** A number that is typed again, such as a run's, stands without commas. */
function cellText(value: unknown, isCount = true): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString().replace('T', ' ').slice(0, 19);
  if (typeof value === 'number') return isCount ? NUMBER.format(value) : String(value);
  return shown(String(value));
}

/** Characters that a terminal acts on, or that reorder what it shows. */
const UNSAFE = /[\p{Cc}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

function shown(text: string): string {
  return text.replace(UNSAFE, escaped);
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
