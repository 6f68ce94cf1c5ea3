import { fitFileName } from '../fit-file-name.ts';

/** A load with rejects, as far as its reject file's name goes. */
export interface NamedLoad {
  readonly loadId: number;
  readonly runId: number;
  /** Base name of the run's source file, safe to display. */
  readonly fileName: string;
  /** Null for a plain file. */
  readonly entryName: string | null;
}

/**
 * Names of the reject files of one run's loads, by load: `<file>.<run>.csv`, for an entry of an archive
 * `<file>.<entry>.<run>.csv` with `_` between its folders. Two that would be the same are told apart by `~2`, `~3` …. A corrected file is
 * known by its name, so the same loads, in the order of their ids, must give the same names every time.
 */
export function rejectFileNames(loads: readonly NamedLoad[]): Map<number, string> {
  const taken = new Set<string>();
  const names = new Map<number, string>();
  for (const { loadId, runId, fileName, entryName } of loads) {
    const base = entryName === null ? fileName : `${fileName}.${entryName}`;
    let name = fitFileName(base, `.${runId}.csv`);
    for (let n = 2; taken.has(name); n++) name = fitFileName(base, `~${n}.${runId}.csv`);
    taken.add(name);
    names.set(loadId, name);
  }
  return names;
}
