import type { TransformName } from './value-transform.ts';

/** A type map: how the column types of one database become Postgres's. `src/formats/dump/types/` holds one file each. */
export interface TypeMap {
  /** Its name in the configuration, and the file's. */
  readonly database: string;
  readonly title: string;
  /** Where the database documents its types. */
  readonly documentation: string;
  /** Words that may stand behind a type's name. */
  readonly attributes: readonly string[];
  /** Rules by lower-case name; the first that applies decides. A text is the one type there is. */
  readonly types: Readonly<Record<string, string | readonly TypeRule[]>>;
  /** Other names for the same types. */
  readonly aliases: Readonly<Record<string, string>>;
}

export interface TypeRule {
  /** Default: it always applies. */
  readonly when?: RuleCondition;
  /** Postgres type; `$1` and `$2` are the arguments, and their parentheses go with them. */
  readonly to: string;
  /** The type without arguments, or with ones that Postgres does not take. Default: `to` without parentheses. */
  readonly bare?: string;
  /** Bounds of the first argument, inclusive. */
  readonly range?: readonly [number, number];
  /** Arguments are a size or a display width that Postgres has no use for. */
  readonly sized?: boolean;
  readonly transform?: TransformName;
  /** For people. */
  readonly note?: string;
}

/** All that is given has to hold. */
export interface RuleCondition {
  /** Exactly these arguments. */
  readonly arguments?: readonly string[];
  /** A word behind the name. */
  readonly attribute?: string;
  /** Bounds of the first argument, inclusive. */
  readonly first?: readonly [number, number];
  /** There is one argument. */
  readonly single?: boolean;
  /** The second argument, 0 when there is none. */
  readonly scale?: number;
}

/** What a rule needs to know of a type. */
export interface RuleSubject {
  readonly arguments: readonly string[];
  readonly attributes: ReadonlySet<string>;
}

export function ruleApplies({ when }: TypeRule, subject: RuleSubject): boolean {
  if (when === undefined) return true;
  const { arguments: given, attributes } = subject;
  return (
    (when.arguments === undefined || sameList(when.arguments, given)) &&
    (when.attribute === undefined || attributes.has(when.attribute)) &&
    (when.first === undefined || isWithin(numberIn(given[0]), when.first)) &&
    (when.single === undefined || (given.length === 1) === when.single) &&
    (when.scale === undefined || (numberIn(given[1]) ?? 0) === when.scale)
  );
}

/** Whether the rules of a type have a use for arguments; a database that writes others is another one. */
export function takesArguments(rules: readonly TypeRule[]): boolean {
  return rules.some(
    ({ to, sized, when }) =>
      sized === true || to.includes('$') || when?.first !== undefined || when?.arguments !== undefined,
  );
}

/** The Postgres type that a rule makes of these arguments. */
export function typeByRule(rule: TypeRule, given: readonly string[]): string {
  const bare = rule.bare ?? rule.to.replace(/\(\$.*\)/, '');
  if (!rule.to.includes('$')) return rule.to;
  const first = numberIn(given[0]);
  if (first === null || (rule.range !== undefined && !isWithin(first, rule.range))) return bare;
  const second = numberIn(given[1]);
  return rule.to.replace('$1', String(first)).replace(',$2', second === null ? '' : `,${second}`);
}

/** `20 char` counts 20. */
function numberIn(argument: string | undefined): number | null {
  const digits = /^-?\d{1,9}(?=$|\s)/.exec(argument ?? '')?.[0];
  return digits === undefined ? null : Number(digits);
}

function isWithin(value: number | null, [least, most]: readonly [number, number]): boolean {
  return value !== null && value >= least && value <= most;
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}
