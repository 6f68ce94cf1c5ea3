import { canonicalType } from '../../tables/type-names.ts';
import { NUMBER_ROOM, numericWriter, type ValueWriter, writeInt2, writeInt4, writeInt8 } from './numbers.ts';
import { TIME_ROOM, writeDate, writeTimestamp, writeTimestamptz } from './times.ts';
import { WORD_ROOM, writeBoolean, writeUuid } from './words.ts';

/** How the values of one column are encoded. */
export interface ColumnEncoding {
  /** Null for text, which is taken as it stands. */
  readonly write: ValueWriter | null;
  /** Text only: the most characters that the column takes. */
  readonly longest: number;
  /** Whole numbers only: bytes of the type; 0 for any other. */
  readonly width: number;
}

/** Bytes that an encoded value takes at most, unless it is text; its length included. */
export const VALUE_ROOM = Math.max(NUMBER_ROOM, TIME_ROOM, WORD_ROOM);

const TEXT: ColumnEncoding = { write: null, longest: Number.POSITIVE_INFINITY, width: 0 };

const WRITERS: Readonly<Record<string, ValueWriter>> = {
  bigint: writeInt8,
  integer: writeInt4,
  smallint: writeInt2,
  numeric: numericWriter(null, 0),
  boolean: writeBoolean,
  date: writeDate,
  'timestamp without time zone': writeTimestamp,
  'timestamp with time zone': writeTimestamptz,
  uuid: writeUuid,
};

const WIDTHS: Readonly<Record<string, number>> = { bigint: 8, integer: 4, smallint: 2 };

/** The encoding for a column type, by its name as people or Postgres write it; null when there is none. */
export function columnEncoding(type: string): ColumnEncoding | null {
  const canonical = canonicalType(type);
  if (canonical === 'text' || canonical === 'character varying') return TEXT;
  const length = /^character varying\((\d+)\)$/.exec(canonical)?.[1];
  if (length !== undefined) return { write: null, longest: Number(length), width: 0 };
  const [, precision, scale = '0'] = /^numeric\((\d+)(?:,(\d+))?\)$/.exec(canonical) ?? [];
  const write =
    precision === undefined ? WRITERS[canonical] : numericWriter(Number(precision), Number(scale));
  return write === undefined ? null : { write, longest: 0, width: WIDTHS[canonical] ?? 0 };
}
