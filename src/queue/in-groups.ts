import type { SourceFile } from '../ledger/source-file.ts';

/** About as many files in each group; those of one feed stay together, in their order. */
export function inGroups(files: readonly SourceFile[], count: number): SourceFile[][] {
  const feeds = new Map<unknown, SourceFile[]>();
  for (const file of files) {
    const key = file.feed ?? file.fileId;
    feeds.set(key, [...(feeds.get(key) ?? []), file]);
  }
  const size = Math.ceil(files.length / Math.max(1, count));
  const groups: SourceFile[][] = [];
  for (const feed of feeds.values()) {
    const smallest = groups.toSorted((a, b) => a.length - b.length)[0];
    const fits = smallest !== undefined && smallest.length + feed.length <= size;
    if (smallest !== undefined && (fits || groups.length === count)) smallest.push(...feed);
    else groups.push([...feed]);
  }
  return groups;
}
