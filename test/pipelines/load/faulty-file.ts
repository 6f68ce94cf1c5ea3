import type { Dialect } from '../../../src/formats/delimited/dialect.ts';
import type { Rejected } from './engine.ts';

/** Types of the columns of a faulty file. `mood` is an enum, `even` a domain; both are made by `USER_TYPES`. */
export const COLUMNS = {
  id: 'bigint',
  small: 'smallint',
  price: 'numeric(8,2)',
  born: 'date',
  at: 'timestamp',
  tag: 'varchar(5)',
  mood: 'mood',
  even: 'even',
  doc: 'jsonb',
  flag: 'boolean',
  note: 'text',
};

export const USER_TYPES = `
  CREATE TYPE public.mood AS ENUM ('happy', 'sad');
  CREATE DOMAIN public.even AS integer CONSTRAINT is_even CHECK (VALUE % 2 = 0)`;

const HEADER = Object.keys(COLUMNS);

type Wanted = Pick<Rejected, 'column' | 'code' | 'message' | 'sqlstate'>;

interface Fault {
  /** Values that replace sound ones, or the whole record when that is what is wrong. */
  readonly values?: Readonly<Partial<Record<keyof typeof COLUMNS, string>>>;
  readonly record?: (sound: string) => string;
  readonly wanted: Wanted;
}

const refused = (column: string | null, sqlstate: string, message: string): Wanted => {
  return { column, code: 'VALUE_REFUSED', message, sqlstate };
};
const unreadable = (code: string, column: string | null, message: string): Wanted => {
  return { column, code, message, sqlstate: null };
};

/** Everything that can be wrong with a record, by a name of its own. */
export const FAULTS = {
  tooFew: {
    record: () => '1;2',
    wanted: unreadable('TOO_FEW_FIELDS', 'price', '2 fields where 11 are expected'),
  },
  tooMany: {
    record: (sound) => `${sound};more`,
    wanted: unreadable('TOO_MANY_FIELDS', null, '12 fields where 11 are expected'),
  },
  strayQuote: {
    record: (sound) => sound.replace(/"$/, '"x'),
    wanted: unreadable('STRAY_QUOTE', 'note', 'text follows a closing quote'),
  },
  nulByte: {
    record: (sound) => sound.replace(/"$/, '\0"'),
    wanted: unreadable('NUL_BYTE', null, 'a NUL byte, which Postgres text cannot hold'),
  },
  syntax: {
    values: { id: 'x1' },
    wanted: refused('id', '22P02', 'invalid input syntax for type bigint: "x1"'),
  },
  range: {
    values: { small: '40000' },
    wanted: refused('small', '22003', 'value "40000" is out of range for type smallint'),
  },
  precision: {
    values: { price: '1234567.00' },
    wanted: refused('price', '22003', 'numeric field overflow'),
  },
  noDate: {
    values: { born: 'soon' },
    wanted: refused('born', '22007', 'invalid input syntax for type date: "soon"'),
  },
  noSuchDay: {
    values: { at: '2024-02-30 10:00:00' },
    wanted: refused('at', '22008', 'date/time field value out of range: "2024-02-30 10:00:00"'),
  },
  tooLong: {
    values: { tag: 'longer' },
    wanted: refused('tag', '22001', 'value too long for type character varying(5)'),
  },
  domain: {
    values: { even: '3' },
    wanted: refused('even', '23514', 'value for domain even violates check constraint "is_even"'),
  },
  noMood: {
    values: { mood: 'angry' },
    wanted: refused('mood', '22P02', 'invalid input value for enum mood: "angry"'),
  },
  noJson: {
    values: { doc: '{"a"' },
    wanted: refused('doc', '22P02', 'invalid input syntax for type json'),
  },
  noTruth: {
    values: { flag: 'perhaps' },
    wanted: refused('flag', '22P02', 'invalid input syntax for type boolean: "perhaps"'),
  },
} as const satisfies Record<string, Fault>;

/** Rules that a user adds to the table `name`, and the records that break them. */
export const RULES = {
  check: {
    sql: (name: string) => `ALTER TABLE staging.${name} ADD CONSTRAINT paid CHECK (price > 0)`,
    values: { price: '-5.00' },
    wanted: (name: string) =>
      refused(null, '23514', `new row for relation "${name}__v1" violates check constraint "paid"`),
  },
  notNull: {
    sql: (name: string) => `ALTER TABLE staging.${name} ALTER born SET NOT NULL`,
    values: { born: '' },
    wanted: (name: string) =>
      refused(
        'born',
        '23502',
        `null value in column "born" of relation "${name}__v1" violates not-null constraint`,
      ),
  },
};

const BAD_BYTES: Partial<Record<Dialect['encoding'], string>> = { 'utf-8': '\xff', 'windows-1252': '\x81' };

export interface FaultyFile {
  readonly bytes: Buffer;
  readonly records: number;
  readonly wanted: readonly Rejected[];
  /** The reject file as somebody has corrected it: the header, and a sound record for each reject. */
  readonly corrected: Buffer;
  /** Sum of the record numbers of sound records, and of the lengths of their notes in characters. */
  readonly sums: { readonly numbers: number; readonly noteLengths: number };
}

export interface FileShape {
  readonly table: string;
  readonly dialect: Pick<Dialect, 'encoding' | 'newline'>;
  readonly records: number;
  /** Record numbers at which the faults stand, each followed by the next kind. */
  readonly faultsAt: readonly number[];
  /** Characters of each note. */
  readonly padding?: number;
  /** The rules that somebody has added to the table by now. */
  readonly rules?: readonly (keyof typeof RULES)[];
}

/** A file with a fault of every kind in turn. Notes run over several lines, so that records and lines differ. */
export function faultyFile(shape: FileShape): FaultyFile {
  const { encoding, newline } = shape.dialect;
  const encode = encoderOf(encoding);
  const faults = faultsFor(shape);
  const wanted: Rejected[] = [];
  const parts: Buffer[] = [encode(HEADER.join(';') + newline)];
  const kinds = new Map(shape.faultsAt.map((record, at) => [record, faults[at % faults.length] as Fault]));
  const corrected = [...parts];
  let line = 2;
  let numbers = 0;
  let noteLengths = 0;
  for (let record = 1; record <= shape.records; record++) {
    const note = noteOf(record, newline, shape.padding ?? 0);
    const fault = kinds.get(record);
    const text = recordText(record, note, fault);
    const raw = rawBytes(encode(text + newline), encoding);
    if (fault === undefined) {
      numbers += record;
      noteLengths += note.length;
    } else {
      wanted.push({ record, line, raw, ...fault.wanted });
      corrected.push(encode(recordText(record, note, undefined) + newline));
    }
    parts.push(raw);
    line += text.split(newline).length;
  }
  const mark = encoding.startsWith('utf-16') ? encode('\ufeff') : Buffer.alloc(0);
  return {
    bytes: Buffer.concat([mark, ...parts]),
    records: shape.records,
    wanted,
    corrected: Buffer.concat([mark, ...corrected]),
    sums: { numbers, noteLengths },
  };
}

/** Every kind of fault that a file of this encoding, in a table with these rules, can have. */
function faultsFor({ table, dialect, rules = [] }: FileShape): Fault[] {
  const faults: Fault[] = Object.values(FAULTS);
  for (const rule of rules) faults.push({ values: RULES[rule].values, wanted: RULES[rule].wanted(table) });
  if (dialect.encoding in BAD_BYTES) {
    const wanted = unreadable('INVALID_ENCODING', null, `not valid ${dialect.encoding}`);
    faults.push({ record: (sound) => sound.replace(/"$/, '\ue000"'), wanted });
  }
  return faults;
}

/** A private character stands for a byte that is none in the file's encoding. */
function rawBytes(encoded: Buffer, encoding: Dialect['encoding']): Buffer {
  const bad = BAD_BYTES[encoding];
  const standIn = encoderOf(encoding)('\ue000');
  const at = bad === undefined ? -1 : encoded.indexOf(standIn);
  if (at < 0 || bad === undefined) return encoded;
  return Buffer.concat([
    encoded.subarray(0, at),
    Buffer.from(bad, 'latin1'),
    encoded.subarray(at + standIn.length),
  ]);
}

function recordText(record: number, note: string, fault: Fault | undefined): string {
  const sound: Record<keyof typeof COLUMNS, string> = {
    ...{
      id: String(record),
      small: String(record % 30_000),
      price: `${record % 999}.25`,
      born: '2024-02-29',
    },
    ...{ at: '2024-01-01 10:11:12', tag: `t${record % 999}`, mood: 'happy', even: String(record * 2) },
    ...{ doc: '{"a": [1, 2]}', flag: 'true', note },
    ...fault?.values,
  };
  const cells = HEADER.map((name) => {
    const value = sound[name as keyof typeof COLUMNS];
    return name === 'note' || value.includes('"') ? `"${value.replaceAll('"', '""')}"` : value;
  });
  const text = cells.join(';');
  return fault?.record === undefined ? text : fault.record(text);
}

function noteOf(record: number, newline: string, padding: number): string {
  const lines = record % 7 === 0 ? `${newline}; "quoted"${newline}` : '';
  return `né ${record}${lines}${'.'.repeat(padding)}`;
}

function encoderOf(encoding: Dialect['encoding']): (text: string) => Buffer {
  switch (encoding) {
    case 'utf-16le':
      return (text) => Buffer.from(text, 'utf16le');
    case 'utf-16be':
      return (text) => Buffer.from(text, 'utf16le').swap16();
    case 'latin1':
      return (text) => Buffer.from(text, 'latin1');
    case 'windows-1252':
      // The private character becomes one byte that no sound record has.
      return (text) => Buffer.from(text.replaceAll('\ue000', '\x81'), 'latin1');
    default:
      return (text) => Buffer.from(text, 'utf8');
  }
}
