import mysql, { type FieldPacket } from 'mysql2';

const { Types } = mysql;
const BINARY_CHARSET = 63;
const UNSIGNED = 32;
const ENUM = 256;
const SET = 2048;
/** What decimals say when a temporal type has none, or a number any. */
const NO_SCALE = 31;

const WORDS: Readonly<Record<number, string>> = {
  [Types.SHORT]: 'smallint',
  [Types.INT24]: 'mediumint',
  [Types.LONG]: 'int',
  [Types.LONGLONG]: 'bigint',
  [Types.FLOAT]: 'float',
  [Types.DOUBLE]: 'double',
  [Types.DATE]: 'date',
  [Types.NEWDATE]: 'date',
  [Types.YEAR]: 'year',
  [Types.JSON]: 'json',
  [Types.GEOMETRY]: 'geometry',
};

/**
 * The type of a column of a query, as a table would have it. Lengths of texts are those of their expression, which mean little:
 * they are left out.
 * Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset_column_definition.html
 */
export function fieldType(field: FieldPacket): string {
  const { extendedFormat, extendedTypeName, columnType = Types.VAR_STRING, columnLength = 0 } = field;
  if (extendedFormat === 'json') return 'json';
  if (extendedTypeName !== undefined && columnType !== Types.GEOMETRY) return extendedTypeName;
  const word = WORDS[columnType];
  const unsigned = hasFlag(field, UNSIGNED) ? ' unsigned' : '';
  if (word !== undefined) return word + unsigned;
  if (columnType === Types.TINY) return columnLength === 1 ? 'tinyint(1)' : `tinyint${unsigned}`;
  if (columnType === Types.BIT) return `bit(${columnLength})`;
  if (columnType === Types.DECIMAL || columnType === Types.NEWDECIMAL) return decimal(field);
  return temporal(field) ?? textual(field);
}

function decimal(field: FieldPacket): string {
  const { columnLength = 0, decimals } = field;
  const signs = (decimals > 0 ? 1 : 0) + (hasFlag(field, UNSIGNED) ? 0 : 1);
  return `decimal(${Math.max(1, columnLength - signs)},${decimals})`;
}

function temporal({ columnType, decimals }: FieldPacket): string | null {
  const word = new Map([
    [Types.TIMESTAMP, 'timestamp'],
    [Types.DATETIME, 'datetime'],
    [Types.TIME, 'time'],
  ]).get(columnType ?? -1);
  if (word === undefined) return null;
  return decimals > 0 && decimals < NO_SCALE ? `${word}(${decimals})` : word;
}

function textual(field: FieldPacket): string {
  if (hasFlag(field, SET)) return 'set';
  if (hasFlag(field, ENUM)) return 'enum';
  return field.characterSet === BINARY_CHARSET && field.columnType !== Types.NULL ? 'longblob' : 'longtext';
}

function hasFlag({ flags }: FieldPacket, flag: number): boolean {
  return typeof flags === 'number' && (flags & flag) !== 0;
}
