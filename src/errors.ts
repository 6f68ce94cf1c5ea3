import { ARCHIVE_ERRORS } from './errors/archives.ts';
import { CONFIGURATION_ERRORS } from './errors/configuration.ts';
import { DATABASE_ERRORS } from './errors/database.ts';
import { DECRYPTION_ERRORS } from './errors/decryption.ts';
import { DUMP_ERRORS } from './errors/dumps.ts';
import type { ErrorKind } from './errors/entry.ts';
import { LAYOUT_ERRORS } from './errors/layout.ts';
import { RECORD_ERRORS } from './errors/records.ts';
import { RUN_ERRORS } from './errors/runs.ts';
import { SOURCE_FILE_ERRORS } from './errors/source-files.ts';
import { SOURCE_ERRORS } from './errors/sources.ts';
import { UNDO_ERRORS } from './errors/undo.ts';
import { UPKEEP_ERRORS } from './errors/upkeep.ts';
import { WAREHOUSE_ERRORS } from './errors/warehouse.ts';
import { WATCHING_ERRORS } from './errors/watching.ts';

export type { ErrorKind } from './errors/entry.ts';

/**
 * Every error Sluice can report, in one catalogue, which `src/errors/` holds by area.
 *
 * A code is stable and never reused. `terminal` errors are not cured by trying again; `transient` ones are.
 * The queue looks at the kind, never at message text. `docs/errors.md` repeats this catalogue for people;
 * a test keeps the two equal.
 */
export const CATALOGUE = {
  ...CONFIGURATION_ERRORS,
  ...DATABASE_ERRORS,
  ...SOURCE_FILE_ERRORS,
  ...ARCHIVE_ERRORS,
  ...DECRYPTION_ERRORS,
  ...RECORD_ERRORS,
  ...DUMP_ERRORS,
  ...LAYOUT_ERRORS,
  ...RUN_ERRORS,
  ...SOURCE_ERRORS,
  ...UNDO_ERRORS,
  ...UPKEEP_ERRORS,
  ...WATCHING_ERRORS,
  ...WAREHOUSE_ERRORS,
} as const;

export type ErrorCode = keyof typeof CATALOGUE;

/** Facts of an error: where it happened and what was seen there. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Any failure that Sluice knows about: a catalogue code, its facts, and the cause it was derived from. */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly remedy: string;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, facts: ErrorFacts = {}, cause?: unknown) {
    super(fillTemplate(CATALOGUE[code].message, facts), cause === undefined ? undefined : { cause });
    this.name = 'SluiceError';
    this.code = code;
    this.kind = CATALOGUE[code].kind;
    this.remedy = CATALOGUE[code].remedy;
    this.facts = facts;
  }
}

/** True when `error` carries this catalogue code. */
export function hasCode<C extends ErrorCode>(
  error: unknown,
  code: C,
): error is SluiceError & { readonly code: C } {
  return error instanceof SluiceError && error.code === code;
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

function fillTemplate(template: string, facts: ErrorFacts): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(facts[name] ?? '?'));
}
