import type { KnownDataset, KnownVersion } from '../tables/known-dataset.ts';

/** The version whose files had the same columns, in whatever order; null when there is none. */
export function matchVersion(known: KnownDataset, names: readonly string[]): KnownVersion | null {
  const wanted = nameSet(names);
  return (
    known.versions.find((version) => nameSet(version.layout.map((column) => column.name)) === wanted) ?? null
  );
}

function nameSet(names: readonly string[]): string {
  return JSON.stringify([...names].sort());
}
