import type { UpkeepConfig } from './define.ts';
import type { EnvironmentValues } from './environment.ts';
import type { KeepRule } from './keep-rule.ts';
import { cronPattern, keepDays, keepRule, type ValueKind, wholeNumber } from './value-kinds.ts';

/** What is deleted and folded when it is old. */
export interface UpkeepSettings {
  /** Cron pattern by which the service does it; only when there is something to do by the rules below. */
  readonly schedule: string;
  /** Source files in `processed/`, with their sidecars. */
  readonly processed: KeepRule;
  /** Source files in `failed/`. */
  readonly failed: KeepRule;
  readonly receipts: KeepRule;
  /** Reject files that nothing is open of. */
  readonly rejects: KeepRule;
  readonly logs: KeepRule;
  /** Rows of the ledger about files of which nothing is published. */
  readonly ledger: KeepRule;
  /** Days after which segments are folded; null: not by age. */
  readonly compactDays: number | null;
  /** Newest segments of each version table that are left; null: all that are old enough are folded. */
  readonly compactKeep: number | null;
}

type Texts = Exclude<keyof UpkeepConfig, 'compactDays' | 'compactKeep'>;

const KINDS: { readonly [K in Texts]: ValueKind<unknown> } = {
  schedule: cronPattern,
  processed: keepRule,
  failed: keepRule,
  receipts: keepRule,
  rejects: keepRule,
  logs: keepRule,
  ledger: keepDays,
};
const NUMBERS: Readonly<Record<string, ValueKind<number>>> = {
  compactDays: wholeNumber(0, 36_500, 'of days'),
  compactKeep: wholeNumber(0, 1_000_000, 'of segments'),
};

/** What is wrong with `upkeep` in the configuration file. */
export function upkeepProblems(upkeep: Readonly<Record<string, unknown>>): string[] {
  const kinds: Readonly<Record<string, ValueKind<unknown>>> = { ...KINDS, ...NUMBERS };
  return Object.entries(upkeep).flatMap(([key, value]) => {
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined;
    if (kind === undefined) {
      return [`upkeep.${key} is not an option; allowed are ${Object.keys(kinds).join(', ')}`];
    }
    const isRight = typeof value === (key in NUMBERS ? 'number' : 'string');
    if (value === undefined || (isRight && kind.parse(String(value)) !== undefined)) return [];
    return [`upkeep.${key} is ${JSON.stringify(value)}; allowed is ${kind.allowed}`];
  });
}

/** A variable that is set wins over the configuration file. */
export function upkeepSettings(
  values: EnvironmentValues,
  config: UpkeepConfig,
  isSet: (name: keyof EnvironmentValues) => boolean,
): UpkeepSettings {
  const choose = <T>(name: keyof EnvironmentValues, value: T, key: Texts): T => {
    const text = config[key];
    return isSet(name) || text === undefined ? value : (KINDS[key].parse(text) as T);
  };
  return {
    schedule: choose('UPKEEP_SCHEDULE', values.UPKEEP_SCHEDULE, 'schedule'),
    processed: choose('KEEP_PROCESSED', values.KEEP_PROCESSED, 'processed'),
    failed: choose('KEEP_FAILED', values.KEEP_FAILED, 'failed'),
    receipts: choose('KEEP_RECEIPTS', values.KEEP_RECEIPTS, 'receipts'),
    rejects: choose('KEEP_REJECTS', values.KEEP_REJECTS, 'rejects'),
    logs: choose('KEEP_LOGS', values.KEEP_LOGS, 'logs'),
    ledger: choose('KEEP_LEDGER', values.KEEP_LEDGER, 'ledger'),
    compactDays: values.COMPACT_DAYS ?? config.compactDays ?? null,
    compactKeep: values.COMPACT_KEEP ?? config.compactKeep ?? null,
  };
}
