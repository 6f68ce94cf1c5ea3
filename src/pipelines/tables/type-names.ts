/** Short spellings that people use for what Postgres writes out. */
const ALIASES: Readonly<Record<string, string>> = {
  int: 'integer',
  int4: 'integer',
  int2: 'smallint',
  int8: 'bigint',
  bool: 'boolean',
  decimal: 'numeric',
  float: 'double precision',
  float8: 'double precision',
  float4: 'real',
  varchar: 'character varying',
  char: 'character',
  bpchar: 'character',
  varbit: 'bit varying',
  timestamptz: 'timestamp with time zone',
  timestamp: 'timestamp without time zone',
  timetz: 'time with time zone',
  time: 'time without time zone',
};

/** A type's name as `format_type` writes it, for the spellings people use. */
export function canonicalType(type: string): string {
  const spaced = type.trim().toLowerCase().replace(/\s+/g, ' ');
  const [, base = spaced, modifier = ''] = /^([^(]+?)\s*(\(.*\))?$/.exec(spaced) ?? [];
  const canonical = ALIASES[base] ?? base;
  const [first, ...rest] = canonical.split(' ');
  const modifiers = modifier.replace(/\s+/g, '');
  return canonical.startsWith('time') ? `${first}${modifiers} ${rest.join(' ')}` : `${canonical}${modifiers}`;
}

/** True when both spell the same type. */
export function sameType(a: string, b: string): boolean {
  return canonicalType(a) === canonicalType(b);
}

/** The short spelling of a type, for names: `varchar(20)`, `timestamptz`. */
export function briefType(type: string): string {
  const canonical = canonicalType(type);
  const modifiers = /\(.*?\)/.exec(canonical)?.[0] ?? '';
  return (BRIEF[canonical.replace(modifiers, '')] ?? canonical.replace(modifiers, '')) + modifiers;
}

const BRIEF: Readonly<Record<string, string>> = {
  'character varying': 'varchar',
  character: 'char',
  'bit varying': 'varbit',
  'double precision': 'double',
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
  'time with time zone': 'timetz',
  'time without time zone': 'time',
};

/** Postgres's spelling of a type, with the two long timestamp names made short as inference writes them. */
export function shortType(formatted: string): string {
  if (formatted === 'timestamp without time zone') return 'timestamp';
  if (formatted === 'timestamp with time zone') return 'timestamptz';
  return formatted;
}
