import { mapType } from '../../formats/dump/map-type.ts';
import { typeMaps } from '../../formats/dump/type-maps.ts';
import type { TypeMap } from '../../formats/dump/type-rules.ts';
import type { WantedColumn } from '../source.ts';
import { quoted } from './catalogue.ts';

/** A value as it is written; null is NULL. */
export type WriteValue = (value: Buffer) => Buffer | string | null;

const GEOMETRY =
  /^(?:geometry|point|linestring|polygon|multipoint|multilinestring|multipolygon|geom(?:etry)?collection)\b/i;

/** What is selected for a column; null when it is the column itself. */
export function expressionFor({ name, type, written }: WantedColumn, mariaDb: boolean): string | null {
  const column = quoted(name);
  if (written === 'none') return 'null';
  if (GEOMETRY.test(type)) return `st_astext(${column})`;
  if (/^vector\b/i.test(type)) return `${mariaDb ? 'vec_totext' : 'vector_to_string'}(${column})`;
  // As a float it is written with six digits, and would come back as another number.
  return written === 'postgres' && /^float\b/i.test(type) ? `${column} + 0e0` : null;
}

/** How values of a column are written; null when they stay as they come. */
export function writerFor({ type, written }: WantedColumn): WriteValue | null {
  const map = typeMaps().get('mysql') as TypeMap;
  const transform = mapType(map, type)?.transform ?? null;
  const forPostgres = written === 'postgres';
  switch (transform?.name) {
    case 'bytes':
      return (value) => (forPostgres ? '\\x' : '0x') + value.toString('hex');
    case 'boolean':
      return /^bit\b/i.test(type) ? numberOf : null;
    case 'bits':
      return forPostgres ? (value) => bitsOf(value, transform.bits ?? 1) : numberOf;
    case 'zeroDate':
      return forPostgres ? zeroIsNull : null;
    case 'set':
      return forPostgres ? arrayOf : null;
    default:
      return null;
  }
}

function numberOf(value: Buffer): string {
  return String(BigInt(`0x${value.toString('hex') || '0'}`));
}

function bitsOf(value: Buffer, length: number): string {
  return BigInt(`0x${value.toString('hex') || '0'}`)
    .toString(2)
    .padStart(length, '0');
}

const ZERO_DATE = /^0000-00-00(?:[ T][\d:.]*)?$/;

/** A date with only some parts zero says something, and is left to be rejected. */
function zeroIsNull(value: Buffer): Buffer | null {
  return value[0] === 0x30 && ZERO_DATE.test(value.toString('latin1')) ? null : value;
}

/** Members with commas between, of which none holds a comma. */
function arrayOf(value: Buffer): string {
  if (value.length === 0) return '{}';
  const members = value.toString().split(',');
  return `{${members.map((member) => `"${member.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
