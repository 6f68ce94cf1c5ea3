import type { DatasetConfig } from '../../config/define.ts';
import { SluiceError } from '../../errors.ts';
import type { ArchiveEntry } from '../../formats/archive/archive.ts';
import type { FailedEntry } from '../identify/identified.ts';
import type { Inside } from './archive-file.ts';

/** What concerns the entry alone comes back; what concerns the file or the machine is thrown. `config` is that of its dataset. */
export async function orFailed<T>(
  inside: Inside,
  entry: ArchiveEntry,
  config: DatasetConfig | null,
  work: () => T | Promise<T>,
): Promise<T | FailedEntry> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SluiceError) || error.kind === 'transient' || error.code === 'FILE_VANISHED')
      throw error;
    return { entryName: entry.name, title: titleOf(inside, entry), config, error };
  }
}

/** What messages call an entry. */
export function titleOf(inside: Inside, entry: ArchiveEntry): string {
  return `${inside.file.displayPath}/${entry.name}`;
}
