import { Cron } from 'croner';
import {
  KEEP_DAYS_ALLOWED,
  KEEP_RULE_ALLOWED,
  type KeepRule,
  parseKeepDays,
  parseKeepRule,
} from './keep-rule.ts';
import { parseRejectLimit, REJECT_LIMIT_ALLOWED } from './reject-limit.ts';
import { Secret } from './secret.ts';
import type { RejectLimit } from './settings.ts';

/** A kind of value: what is allowed, in words that complete "allowed is …", and how text becomes it. */
export interface ValueKind<T> {
  readonly allowed: string;
  /** Undefined when the text is not of this kind. */
  readonly parse: (text: string) => T | undefined;
}

/** Postgres cuts identifiers after this many bytes. */
const IDENTIFIER_BYTES = 63;
const SEGMENTS_SUFFIX_BYTES = '_segments'.length;
const TRUE_WORDS = new Set(['true', '1', 'yes', 'on']);
const FALSE_WORDS = new Set(['false', '0', 'no', 'off']);
const RESERVED_SCHEMAS = new Set(['sluice', 'information_schema']);

export const flag: ValueKind<boolean> = {
  allowed: 'true or false (also 1/0, yes/no, on/off)',
  parse(text) {
    const word = text.toLowerCase();
    if (TRUE_WORDS.has(word)) return true;
    return FALSE_WORDS.has(word) ? false : undefined;
  },
};

/** A whole number within inclusive bounds; `unit` reads "of milliseconds". */
export function wholeNumber(least: number, most: number, unit = ''): ValueKind<number> {
  return {
    allowed: `a whole number${unit === '' ? '' : ` ${unit}`} from ${least} to ${most}`,
    parse(text) {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most ? value : undefined;
    },
  };
}

export function oneOf<const W extends string>(...words: readonly W[]): ValueKind<W> {
  return {
    allowed: `one of ${words.join(', ')}`,
    parse: (text) => words.find((word) => word === text.toLowerCase()),
  };
}

/** A path; relative ones are resolved later, against the working directory. */
export const path: ValueKind<string> = {
  allowed: 'a path, absolute or relative to the working directory',
  parse: (text) => (text.includes('\0') ? undefined : text),
};

export const anyText: ValueKind<string> = { allowed: 'any text', parse: (text) => text };

export const secret: ValueKind<Secret> = { allowed: 'any text', parse: (text) => new Secret(text) };

/** `\\n` may stand for the ends of lines, which many places where variables are set cannot hold. */
export const privateKey: ValueKind<Secret> = {
  allowed: 'an armored private key, from its BEGIN line to its END line; \\n may stand for line ends',
  parse(text) {
    const key = text.replaceAll('\\n', '\n');
    return /-----BEGIN PGP PRIVATE KEY BLOCK-----[\s\S]*-----END PGP PRIVATE KEY BLOCK-----/.test(key)
      ? new Secret(key)
      : undefined;
  },
};

export const rejectLimit: ValueKind<RejectLimit> = {
  allowed: REJECT_LIMIT_ALLOWED,
  parse: (text) => parseRejectLimit(text) ?? undefined,
};

export const keepRule: ValueKind<KeepRule> = { allowed: KEEP_RULE_ALLOWED, parse: parseKeepRule };

export const keepDays: ValueKind<KeepRule> = { allowed: KEEP_DAYS_ALLOWED, parse: parseKeepDays };

export const cronPattern: ValueKind<string> = {
  allowed: 'a cron pattern such as 30 3 * * * (every day at 03:30)',
  parse(text) {
    try {
      new Cron(text, { paused: true }).stop();
      return text;
    } catch {
      return undefined;
    }
  },
};

/** Room is left for `_segments`, the schema that goes with the staging schema. */
export const schemaName: ValueKind<string> = {
  allowed: `a schema name of 1 to ${IDENTIFIER_BYTES - SEGMENTS_SUFFIX_BYTES} bytes that does not begin with pg_ and is not ${[...RESERVED_SCHEMAS].join(' or ')}`,
  parse(text) {
    const bytes = Buffer.byteLength(text);
    const fits = bytes >= 1 && bytes <= IDENTIFIER_BYTES - SEGMENTS_SUFFIX_BYTES && !text.includes('\0');
    return fits && !text.startsWith('pg_') && !RESERVED_SCHEMAS.has(text) ? text : undefined;
  },
};

export const databaseUrl: ValueKind<string> = {
  allowed:
    'postgres://user:password@host:port/database, with special characters of the password percent-encoded',
  parse: (text) => (isPostgresUrl(text) ? text : undefined),
};

export const httpUrl: ValueKind<string> = {
  allowed: 'http://host:port/path or https://host:port/path',
  parse: (text) => (/^https?:\/\//i.test(text) && URL.canParse(text) ? text : undefined),
};

function isPostgresUrl(text: string): boolean {
  try {
    const url = new URL(text);
    decodeURIComponent(url.username + url.password + url.pathname);
    return url.protocol === 'postgres:' || url.protocol === 'postgresql:';
  } catch {
    return false;
  }
}
