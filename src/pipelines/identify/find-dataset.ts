import picomatch from 'picomatch';
import type { DatasetConfig } from '../../config/define.ts';
import { SluiceError } from '../../errors.ts';
import { stripCompression } from '../../formats/compression.ts';
import { datasetFrom, type NameParts, nameFromFile, nameFromStem, stripExtension } from './dataset-name.ts';
import { normaliseLabel, takeLabel } from './version-label.ts';

/** Which dataset a file feeds. */
export interface FoundDataset {
  readonly dataset: string;
  /** Null: the name was derived from the file's name. */
  readonly config: DatasetConfig | null;
  /** YYYY-MM-DD. */
  readonly businessDate: string | null;
  /** The business date with the time of day, digits only, as far as the name tells. */
  readonly moment: string | null;
  readonly label: string | null;
}

/**
 * The configured dataset that matches a file's name, else the one of `fallback` that does, else the one that its name
 * says. Two matches are an error.
 */
export function findDataset(
  fileName: string,
  datasets: readonly DatasetConfig[],
  fallback: readonly DatasetConfig[] = [],
): FoundDataset {
  const derived = nameFromFile(fileName);
  const matches = datasets.flatMap((config) => {
    const groups = matchName(fileName, config);
    return groups === null ? [] : [{ config, groups }];
  });
  if (matches.length > 1) {
    const names = matches.map((match) => match.config.name).join(', ');
    throw new SluiceError('DATASET_AMBIGUOUS', { file: fileName, datasets: names });
  }
  const match = matches[0];
  if (match === undefined) {
    return fallback.length > 0 ? findDataset(fileName, fallback) : { ...derived, config: null };
  }
  const businessDate = isoDate(match.groups['date']);
  return {
    dataset: datasetFrom(match.config.name),
    config: match.config,
    ...(businessDate === null ? dateOf(derived) : { businessDate, moment: digitsOf(match.groups['date']) }),
    label:
      normaliseLabel(match.groups['label']) ?? takeLabel(stripExtension(fileName), match.config.label).label,
  };
}

export type Groups = Readonly<Record<string, string | undefined>>;

function matchName(fileName: string, config: DatasetConfig): Groups | null {
  const { match } = config;
  if (match === undefined) {
    const { rest } = takeLabel(stripExtension(fileName), config.label);
    return datasetFrom(config.name) === nameFromStem(rest).dataset ? {} : null;
  }
  return matchPattern(fileName, match);
}

/** Groups of a name that a glob or RegExp fits, also without `.gz` or `.zst`; null when it does not. */
export function matchPattern(fileName: string, match: string | RegExp): Groups | null {
  const names = [fileName, stripCompression(fileName)];
  if (typeof match === 'string') return names.some(globOf(match)) ? {} : null;
  const pattern = statelessOf(match);
  for (const name of names) {
    const found = pattern.exec(name);
    if (found !== null) return found.groups ?? {};
  }
  return null;
}

/** Patterns come from the configuration: they are few, and are asked about every file. */
const GLOBS = new Map<string, (name: string) => boolean>();
const STATELESS = new WeakMap<RegExp, RegExp>();

function globOf(pattern: string): (name: string) => boolean {
  let matches = GLOBS.get(pattern);
  if (matches === undefined) {
    const matcher = picomatch(pattern);
    matches = (name) => matcher(name);
    GLOBS.set(pattern, matches);
  }
  return matches;
}

/** Without the flags that make an expression remember where it was. */
function statelessOf(pattern: RegExp): RegExp {
  let stateless = STATELESS.get(pattern);
  if (stateless === undefined) {
    stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
    STATELESS.set(pattern, stateless);
  }
  return stateless;
}

function dateOf({ businessDate, moment }: NameParts) {
  return { businessDate, moment };
}

export function digitsOf(text: string | undefined): string {
  return text?.replace(/\D/g, '') ?? '';
}

/** `20261121`, `2026-11-21`, `2026_11_21T…` → `2026-11-21`. */
export function isoDate(text: string | undefined): string | null {
  const digits = digitsOf(text);
  if (digits.length < 8) return null;
  const date = `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6, 8)}`;
  return Number.isNaN(Date.parse(date)) ? null : date;
}
