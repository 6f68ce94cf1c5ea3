import type { Field } from '../delimited/dialect.ts';

/** How dumps write NULL: MySQL and Postgres, SQL Server, Oracle's tools, others. */
const MARKERS = ['\\N', 'NULL', '(null)', '<NULL>', 'null'] as const;

/**
 * How the table writes NULL, by the fields of its records; null when nothing tells. What counts is what stands in columns
 * of types other than text: a marker, else nothing at all. A word such as NULL among texts is the last sign.
 *
 * `isText`, by field: the column takes any text.
 */
export function findNullMarker(
  records: readonly (readonly Field[])[],
  isText: readonly boolean[],
): string | null {
  const sure = new Map<string, number>();
  const perhaps = new Map<string, number>();
  for (const record of records) {
    for (const [at, { value, quoted }] of record.entries()) {
      if (quoted || value.length > 6) continue;
      const counts = isText[at] === false ? sure : perhaps;
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
  return commonest(sure) ?? (sure.has('') ? '' : commonest(perhaps));
}

function commonest(counts: ReadonlyMap<string, number>): string | null {
  const found = MARKERS.filter((marker) => counts.has(marker));
  return found.sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0))[0] ?? null;
}

/** How a database's own programs write NULL, where nothing in the dump tells. */
export function usualMarker(database: string): string {
  if (database === 'mysql' || database === 'postgres') return '\\N';
  return database === 'sqlserver' ? 'NULL' : '';
}
