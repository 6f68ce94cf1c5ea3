import type { IdentifiedEntry } from '../identify/identified.ts';
import type { KnownDataset, KnownVersion } from '../tables/known-dataset.ts';

/** Whose version table a file goes into: that of its label, and of its folder when each has its own. */
export interface VersionKey {
  readonly label: string | null;
  readonly folder: string | null;
}

export function versionKey(entry: IdentifiedEntry): VersionKey {
  return { label: entry.label, folder: entry.config?.folders === 'separate' ? entry.folder : null };
}

/** Versions that a file could belong to, whatever its columns. */
export function versionsOf(known: KnownDataset | null, key: VersionKey): KnownVersion[] {
  return (known?.versions ?? []).filter(
    (version) => version.label === key.label && version.folder === key.folder,
  );
}

/** The version whose files had exactly these columns, in whatever order; null when there is none. */
export function matchVersion(
  versions: readonly KnownVersion[],
  names: readonly string[],
): KnownVersion | null {
  const wanted = nameSet(names);
  return versions.find((version) => nameSet(version.layout.map((column) => column.name)) === wanted) ?? null;
}

/** The newest version whose files had all of these columns, and perhaps more. */
export function matchWiderVersion(
  versions: readonly KnownVersion[],
  names: readonly string[],
): KnownVersion | null {
  const hasAll = (version: KnownVersion) => {
    const there = new Set(version.layout.map((column) => column.name));
    return names.every((name) => there.has(name));
  };
  return versions.findLast(hasAll) ?? null;
}

function nameSet(names: readonly string[]): string {
  return JSON.stringify([...names].sort());
}
