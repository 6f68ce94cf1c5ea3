import type { DumpConfig } from '../../config/define.ts';
import { stripArchiveExtension } from '../../formats/archive/open-archive.ts';
import { type NameParts, nameFromDump } from './dataset-name.ts';
import { digitsOf, isoDate, matchPattern } from './find-dataset.ts';
import { normaliseLabel } from './version-label.ts';

/** What the name of an archive says of the dump in it: the application as `dataset`, which is empty for none. */
export function dumpName(fileName: string, dumps: readonly DumpConfig[]): NameParts {
  for (const { match, app, label } of dumps) {
    const groups = matchPattern(fileName, match);
    if (groups === null) continue;
    const named = nameFromDump(stripArchiveExtension(fileName), label);
    const businessDate = isoDate(groups['date']);
    return {
      dataset: app ?? groups['app'] ?? named.dataset,
      label: normaliseLabel(groups['label']) ?? named.label,
      ...(businessDate === null
        ? { businessDate: named.businessDate, moment: named.moment }
        : { businessDate, moment: digitsOf(groups['date']) }),
    };
  }
  return nameFromDump(stripArchiveExtension(fileName), undefined);
}
