import type { Completeness } from '../completeness.ts';
import { type CheckOptions, checkSidecars } from './check-sidecars.ts';
import { folderEndings } from './folder-endings.ts';
import { sidecarPaths, sidecarPattern } from './names.ts';
import { type CompletenessRules, NO_RULES } from './rules.ts';

/** The files that lie beside source files: markers, checksums, control files. They accompany a file and are never loaded. */
export class Sidecars {
  /** True for the base name of a sidecar. */
  readonly isSidecar: (name: Buffer) => boolean;

  /**
   * @param all rules of all datasets
   * @param rulesFor those of a file, by its base name
   */
  constructor(
    all: readonly CompletenessRules[],
    private readonly rulesFor: (name: string) => CompletenessRules,
    private readonly options: CheckOptions = {},
  ) {
    this.isSidecar = sidecarPattern(all);
  }

  rulesOf(path: Buffer): CompletenessRules {
    return this.rulesFor(path.subarray(path.lastIndexOf('/') + 1).toString());
  }

  /** True when a file cannot be taken without a look at what lies beside it, even if nothing has been seen there. */
  isAwaited(path: Buffer): boolean {
    const { markers, checksumRequired, control } = this.rulesOf(path);
    return markers !== null || checksumRequired || control !== null;
  }

  /** Where sidecars of a file may lie. */
  pathsOf(path: Buffer): Buffer[] {
    return sidecarPaths(path, this.rulesOf(path));
  }

  check(path: Buffer, signal?: AbortSignal): Promise<Completeness> {
    return checkSidecars(path, this.rulesOf(path), { ...this.options, ...(signal && { signal }) });
  }

  /** The same of many files; in their order. */
  async checkAll(paths: readonly Buffer[]): Promise<Completeness[]> {
    const options = { ...this.options, mayBeThere: await folderEndings(paths) };
    return Promise.all(paths.map((path) => checkSidecars(path, this.rulesOf(path), options)));
  }
}

/** No dataset has rules of its own. */
export const PLAIN_SIDECARS = new Sidecars([], () => NO_RULES);
