import type { DatasetConfig } from '../../config/define.ts';
import { takeTrailingDates } from './date-token.ts';

/** A name, and the version label that was taken from it. */
export interface TakenLabel {
  readonly rest: string;
  readonly label: string | null;
}

/** `_v2`, `-v2.3`, ` V10`, `-2.3.1` at the end of a name, no date, divided from the rest by something other than a letter or digit. */
const VERSION_TOKEN =
  /(?<=[\p{L}\p{N}][^\p{L}\p{N}]*)[^\p{L}\p{N}](?!\d{4}\.\d{2}\.\d{2}$)(?<label>v\d+(?:\.\d+)*|\d+(?:\.\d+)+)$/iu;

/** What says which part of a name is the label: a RegExp, or `false` for none. */
export type LabelPattern = DatasetConfig['label'];

/** Takes out what `pattern` finds; its group `label`, or else all of it, is the label. */
export function takeLabel(name: string, pattern: LabelPattern): TakenLabel {
  const none = { rest: name, label: null };
  if (pattern === undefined || pattern === false) return none;
  const found = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).exec(name);
  const label = normaliseLabel(found?.groups?.['label'] ?? found?.[0]);
  if (found === null || label === null) return none;
  return { rest: name.slice(0, found.index) + name.slice(found.index + found[0].length), label };
}

/** The same for the name of a dump, without its extension: the built-in token, before or behind a date, unless told otherwise. */
export function takeDumpLabel(stem: string, pattern: LabelPattern): TakenLabel {
  if (pattern !== undefined) return takeLabel(stem, pattern);
  const atTheEnd = takeLabel(stem, VERSION_TOKEN);
  return atTheEnd.label === null ? takeLabel(takeTrailingDates(stem).rest, VERSION_TOKEN) : atTheEnd;
}

/** Lower-case, so that `V2` and `v2` are one version; null when nothing is left. */
export function normaliseLabel(text: string | undefined): string | null {
  return text?.normalize('NFC').toLowerCase().trim() || null;
}
