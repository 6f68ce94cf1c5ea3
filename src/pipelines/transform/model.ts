import type { Materialization } from '../../config/define.ts';
import type { BaseFile } from './base/base-file.ts';
import type { ModelCheck } from './model-checks.ts';

/** A table that a model reads, or depends on. */
export interface Reference {
  /** `staging`: the parent table of a dataset. `warehouse`: another model. */
  readonly kind: 'staging' | 'warehouse';
  readonly name: string;
  /** Line of the model's file. */
  readonly line: number;
}

/** A reference where it stands in the statement. */
export interface PlacedReference extends Reference {
  /** Offsets in the statement. */
  readonly start: number;
  readonly end: number;
}

export interface ForeignKey {
  readonly column: string;
  /** Another model, and its column. */
  readonly model: string;
  readonly target: string;
}

/** One SELECT and how its result is kept. */
export interface Model {
  readonly name: string;
  readonly materialized: Materialization;
  /** Shown in messages. */
  readonly file: string;
  /** The SELECT, with its placeholders. Lines of the file and lines of this text differ by `firstLine - 1`. */
  readonly sql: string;
  readonly firstLine: number;
  readonly placeholders: readonly PlacedReference[];
  readonly depends: readonly Reference[];
  readonly key: readonly string[];
  readonly id: string | null;
  readonly rowHash: string | null;
  readonly notNull: readonly string[];
  readonly foreignKeys: readonly ForeignKey[];
  readonly deleteWhen: string | null;
  readonly validFrom: string | null;
  /** The column whose values a lookup table numbers. */
  readonly dimension: string | null;
  /** The reference whose runs are followed; null for what is made from all that is there. */
  readonly source: Reference | null;
  /** Cron pattern, or `manual`; null: after each publish of what it depends on. */
  readonly schedule: string | null;
  readonly description: string | null;
  /** What has to hold before others see it. */
  readonly checks: readonly ModelCheck[];
  /** Tables that the checks look into. They do not decide on the order. */
  readonly checked: readonly Reference[];
  /** Of everything that decides what comes out. */
  readonly hash: string;
  /** Part of the built-in example. */
  readonly builtIn: boolean;
  /** Made from a file of the base folder. */
  readonly isBase: boolean;
  /** The records that its statement reads; null for a model whose statement is all there is. */
  readonly base: BaseFile | null;
  /** Line of an option, or of the statement when it is not given. */
  lineOf(option: string): number;
}

/** Materialisations that read only runs they have not seen. */
export function followsRunsAs(materialized: Materialization): boolean {
  return ['incremental', 'merge', 'scd2', 'dimension'].includes(materialized);
}

/** Everything a model reads or depends on, each once; itself only where the statement reads it. */
export function referencesOf(model: Model): Reference[] {
  const others = model.foreignKeys.filter((key) => key.model !== model.name);
  const foreign = others.map((key) => ({
    kind: 'warehouse' as const,
    name: key.model,
    line: model.lineOf('references'),
  }));
  const all = [...model.placeholders, ...model.depends, ...foreign];
  return all.filter(
    (one, at) => all.findIndex((other) => other.kind === one.kind && other.name === one.name) === at,
  );
}
