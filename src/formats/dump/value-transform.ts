/** What is done to the values of a column before Postgres reads them; plain data. */
export interface ValueTransform {
  /** Null: nothing but `blankIsNull`. */
  readonly name: TransformName | null;
  /** An empty field is NULL, for the type has no empty value. */
  readonly blankIsNull: boolean;
  /** Of `bits`: how many. */
  readonly bits?: number;
  /** Of `bytes`: how they are written. */
  readonly written?: BinaryNotation;
}

export type TransformName = (typeof TRANSFORM_NAMES)[number];

export const TRANSFORM_NAMES = [
  'zeroDate',
  'boolean',
  'money',
  'bits',
  'bytes',
  'set',
  'oracleDate',
] as const;

/** How a dump writes binary values: hexadecimal digits, base64, or the bytes themselves. */
export type BinaryNotation = (typeof BINARY_NOTATIONS)[number];

export const BINARY_NOTATIONS = ['hex', 'base64', 'text'] as const;

/** Types that take no empty text; of any other type Postgres is not asked twice. */
const NO_EMPTY_VALUE =
  /^(?:smallint|integer|bigint|int[248]?|numeric|decimal|real|double precision|float[48]?|bool|boolean|date|time(?:tz)?|timestamp(?:tz)?|interval|uuid|jsonb?|inet|cidr|macaddr8?|oid|money|bit(?! varying))(?![a-z_])|\[\]$/i;

/** Whether an empty field of a column of this Postgres type can only be NULL. An empty SET is a value. */
export function blankIsNull(type: string, name: TransformName | null = null): boolean {
  return name !== 'set' && NO_EMPTY_VALUE.test(type.trim());
}

/** The Postgres types that a transform writes values for. */
const WRITES: Readonly<Record<TransformName, RegExp>> = {
  zeroDate: /^(?:date|timestamp)/i,
  oracleDate: /^(?:date|timestamp)/i,
  boolean: /^bool/i,
  money: /^(?:numeric|decimal|real|double|float|money)/i,
  bits: /^(?:bit|varbit)/i,
  bytes: /^bytea/i,
  set: /\[\]$/,
};

/** The transform for a column whose type in Postgres is another one than the type map says. */
export function transformFor(transform: ValueTransform | null, type: string): ValueTransform | null {
  const name = transform?.name ?? null;
  const isKept = name !== null && WRITES[name].test(type.trim());
  if (isKept) return { ...transform, name, blankIsNull: blankIsNull(type, name) };
  return blankIsNull(type) ? { name: null, blankIsNull: true } : null;
}

/** Postgres would take some value as it stands and understand it otherwise: every value has to be looked at. */
export function isQuiet({ name }: ValueTransform): boolean {
  return name === 'set' || name === 'oracleDate' || name === 'bytes';
}
