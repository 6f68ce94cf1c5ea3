/** What a dump holds of one table. */
export interface TableEntries<E> {
  /** Table name as the entries have it, folders left out. */
  readonly table: string;
  readonly descriptor: E | null;
  readonly data: E | null;
}

const DATA_EXTENSION = /\.(?:dat|csv|txt|tsv)(?:\.gz|\.zst)?$/i;

const EXTENSION = /(?:\.(?:dat|csv|txt|tsv)\.(?:gz|zst)|\.[^./]*)$/i;

/**
 * Pairs descriptors with data: `<table>.json` and `<table>.dat`, `.csv`, `.txt` or `.tsv`, also as `.gz` or `.zst`, of one folder, in any letter case,
 * in the order of the entries. Several data entries of one table share its descriptor.
 */
export function pairEntries<E extends { readonly name: string }>(
  descriptors: readonly E[],
  data: readonly E[],
): TableEntries<E>[] {
  const known = new Map(descriptors.map((entry) => [tableKey(entry.name), entry]));
  const pairs = data.map((entry) => ({
    table: tableOf(entry.name),
    descriptor: known.get(tableKey(entry.name)) ?? null,
    data: entry,
  }));
  const used = new Set(pairs.map((pair) => pair.descriptor));
  const alone = descriptors.filter((entry) => !used.has(entry));
  return [...pairs, ...alone.map((entry) => ({ table: tableOf(entry.name), descriptor: entry, data: null }))];
}

export function isDataName(name: string): boolean {
  return DATA_EXTENSION.test(name);
}

export function isDescriptorName(name: string): boolean {
  return /\.json$/i.test(name);
}

/** What descriptor and data of one table have in common: folder and name. */
export function tableKey(name: string): string {
  return name.normalize('NFC').replace(EXTENSION, '').toLowerCase();
}

function tableOf(name: string): string {
  return name.replace(/^.*[/\\]/s, '').replace(EXTENSION, '');
}
