import type { DatasetConfig } from '../../config/define.ts';
import type { Settings } from '../../config/settings.ts';
import { hasCode } from '../../errors.ts';
import { isArchiveName } from '../../formats/archive/open-archive.ts';
import { stripEncryptedExtension } from '../../formats/openpgp/encrypted-name.ts';
import { dumpName } from './dump-name.ts';
import { findDataset } from './find-dataset.ts';

/** A file's place among the files of one feed in one folder, as far as its name tells. */
export interface FeedOrder {
  /** What comes in the order of time: the dataset, or the application of a dump, whatever its version. */
  readonly feed: string;
  /** Digits of date and time; they sort by time, byte by byte. */
  readonly moment: string;
}

/** Null for a file whose name has no date: nothing says where it belongs. */
export function feedOrderOf(
  fileName: string,
  { datasets, dumps }: Pick<Settings, 'datasets' | 'dumps'>,
): FeedOrder | null {
  const { dataset: feed, moment } = nameParts(fileName, datasets, dumps);
  return moment === null ? null : { feed, moment };
}

function nameParts(dropped: string, datasets: readonly DatasetConfig[], dumps: Settings['dumps']) {
  const fileName = stripEncryptedExtension(dropped);
  if (isArchiveName(fileName)) return dumpName(fileName, dumps);
  try {
    return findDataset(fileName, datasets);
  } catch (error) {
    // Its run will say so; until then it belongs nowhere.
    if (hasCode(error, 'DATASET_AMBIGUOUS')) return { dataset: fileName, moment: null };
    throw error;
  }
}
