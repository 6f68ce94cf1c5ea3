import { identifierFrom, shortenWithHash, shortHash } from '../../naming.ts';
import { takeLeadingDates, takeTrailingDates } from './date-token.ts';
import { type LabelPattern, takeDumpLabel } from './version-label.ts';

/** Leaves room in Postgres's 63 bytes for what Sluice puts behind a dataset's name, such as `__v12`. */
export const MAX_DATASET_BYTES = 48;

/** What Sluice itself puts behind a dataset's name: version tables, the view of all versions, sequences. */
const OUR_SUFFIX = /__(?:v\d+|all|row)$/;
const EXTENSION = /\.(csv|tsv|txt|dat)(\.gz|\.zst)?$/i;

/** What the name of a file says. */
export interface NameParts {
  /** Normalised: an identifier of 1 to `MAX_DATASET_BYTES` bytes. */
  readonly dataset: string;
  /** YYYY-MM-DD; null when the name holds no date. */
  readonly businessDate: string | null;
  /** The business date with the time of day, digits only, as far as the name tells. */
  readonly moment: string | null;
  /** Null here: of a plain file's name, only the dataset's own pattern says which part is a version label. */
  readonly label: string | null;
}

/** True for the extensions of delimited text, plain or with `.gz` or `.zst`, in any letter case. */
export function isSupportedName(fileName: string): boolean {
  return EXTENSION.test(fileName);
}

/** The name without the extensions of delimited text; any other name as it is. */
export function stripExtension(fileName: string): string {
  return fileName.replace(EXTENSION, '');
}

/**
 * The dataset a file feeds, by its name: extension and date tokens removed, the rest normalised.
 *
 * Dates at the end are removed; only when there is none, dates at the start. The business date is the last one
 * removed from the end, or the first one at the start. A name that is only a date keeps it (`2026_11_21`) and
 * has it as its business date too. A name without a letter or digit becomes `unnamed_` and a hash.
 */
export function nameFromFile(fileName: string): NameParts {
  return nameFromStem(stripExtension(fileName));
}

/** The same for a name without its extension. */
export function nameFromStem(name: string): NameParts {
  // Composed first: a mark that stands alone is no letter, and would be trimmed from the end of the name.
  const stem = name.normalize('NFC');
  const trailing = takeTrailingDates(stem);
  const found = trailing.date === null ? takeLeadingDates(stem) : trailing;
  const { date: businessDate, moment } = found;
  return { dataset: datasetFrom(found.rest || stem), businessDate, moment, label: null };
}

/** What the name of a dump says, extension removed: its application as `dataset`, and the version label beside the date. */
export function nameFromDump(stem: string, pattern: LabelPattern): NameParts {
  const { rest, label } = takeDumpLabel(stem, pattern);
  const application = nameFromStem(rest);
  const whole = nameFromStem(stem);
  const { businessDate, moment } = whole.businessDate === null ? application : whole;
  return { ...application, businessDate, moment, label };
}

/**
 * Any text as a dataset's name: 1 to `MAX_DATASET_BYTES` bytes, a longer one told apart by a hash. So is one that reads
 * like another dataset's version table: `orders__v1` would take the place of the first version of `orders`.
 */
export function datasetFrom(text: string): string {
  const name = identifierFrom(text) || `unnamed_${shortHash(text)}`;
  return shortenWithHash(OUR_SUFFIX.test(name) ? `${name}_${shortHash(name)}` : name, MAX_DATASET_BYTES);
}
