import { quoteIdentifier } from '../../db/identifiers.ts';
import { cutToBytes, identifierFrom, MAX_NAME_BYTES } from '../../naming.ts';
import type { TableColumn } from '../plan/run-plan.ts';
import { fittingValue } from './fitting-value.ts';
import type { KnownDataset, KnownVersion } from './known-dataset.ts';
import { briefType, sameType, shortType } from './type-names.ts';
import { holdsType, joinColumnTypes } from './widen-types.ts';

/** One column of the view of all versions. */
export interface ViewColumn {
  readonly name: string;
  readonly type: string;
}

/** One column for each name in the files; text where types have nothing in common. */
export function unionColumns(known: KnownDataset): ViewColumn[] {
  const found = new Map<string, { files: string[]; tables: string[] }>();
  for (const version of inOrder(known.versions)) {
    for (const column of shownColumns(version)) {
      const name = sourceName(column);
      const types = found.get(name) ?? { files: [], tables: [] };
      types.files.push(column.describedAs ?? column.type);
      types.tables.push(column.type);
      found.set(name, types);
    }
  }
  const columns = new Map([...found].map(([name, types]) => [name, typeOfAll(types)]));
  for (const { name, type } of known.columns) if (!columns.has(name)) columns.set(name, type);
  return [...columns].map(([name, type]) => ({ name, type }));
}

/** What the files say decides, for the tables' own types depend on which came first; they are held all the same. */
function typeOfAll({ files, tables }: { files: readonly string[]; tables: readonly string[] }): string {
  const wanted = smallestOf(files);
  return tables.reduce((type, table) => joinColumnTypes(type, table) ?? 'text', wanted);
}

function smallestOf(types: readonly string[]): string {
  const [first = 'text', ...rest] = types;
  const joined = rest.reduce<string | null>(
    (type, next) => (type === null ? null : joinColumnTypes(type, next)),
    shortType(first),
  );
  // `integer` and `real` have nothing in common that is not as wide as `double precision`.
  return joined ?? types.find((type) => types.every((other) => holdsType(type, other))) ?? 'text';
}

/** Columns that files of the version filled, with their types in the table. */
export function shownColumns(version: KnownVersion): TableColumn[] {
  const described = new Map(version.layout.map((column) => [column.name, column.describedAs]));
  const columns = new Map(version.columns.map((column) => [column.name, column]));
  return [...described].flatMap(([name, describedAs]) => {
    const column = columns.get(name);
    if (column === undefined) return [];
    return [describedAs === undefined ? column : { ...column, describedAs }];
  });
}

/** The same whatever the order in which the versions came. */
export function inOrder(versions: readonly KnownVersion[]): KnownVersion[] {
  const key = ({ label, folder, layout }: KnownVersion) => {
    const names = JSON.stringify(layout.map(({ name }) => name));
    return [label ?? '', folder ?? '', String(layout.length).padStart(4, '0'), names].join('\n');
  };
  return [...versions].sort((a, b) => key(a).localeCompare(key(b), 'en', { numeric: true }));
}

/** The name under which files have a column. */
export function sourceName({ name, variantOf }: Pick<TableColumn, 'name' | 'variantOf'>): string {
  return variantOf ?? name;
}

/**
 * Columns for a view that cannot be dropped because others read it: those it has stay, new ones come behind. Where one
 * is too narrow now, another beside it, `<name>__<type>`, shows all values.
 */
export function grownColumns(there: readonly ViewColumn[], wanted: readonly ViewColumn[]): ViewColumn[] {
  const types = new Map(there.map(({ name, type }) => [name, type]));
  const more = wanted.flatMap((column): ViewColumn[] => {
    const type = types.get(column.name);
    if (type === undefined) return [column];
    if (holdsType(type, column.type)) return [];
    const name = widerName(column.name, column.type);
    return types.has(name) ? [] : [{ name, type: column.type }];
  });
  return [...there, ...more];
}

/** Which column of the files a column of the view shows; null when none of these. */
export function sourceOf(column: ViewColumn, names: ReadonlySet<string>): string | null {
  if (names.has(column.name)) return column.name;
  return [...names].find((name) => widerName(name, column.type) === column.name) ?? null;
}

function widerName(name: string, type: string): string {
  const suffix = `__${identifierFrom(briefType(type))}`;
  return cutToBytes(name, MAX_NAME_BYTES - Buffer.byteLength(suffix)) + suffix;
}

/** SQL for what the view shows of the columns that a version has under one name; null when it has none. */
export function valueOfAll(columns: readonly TableColumn[], type: string): string | null {
  const values = columns.map((column) => valueFrom(column, type));
  return values.length > 1 ? `coalesce(${values.join(', ')})` : (values[0] ?? null);
}

function valueFrom(column: TableColumn, type: string): string {
  const value = `t.${quoteIdentifier(column.name)}`;
  if (sameType(column.type, type)) return value;
  return type === 'text' ? `${asDescribed(column, value)}::text` : fittingValue(value, column.type, type);
}

/** As text a value is what the file's own type makes of it, also when the column that it came to lie in is wider. */
function asDescribed({ type, describedAs }: TableColumn, value: string): string {
  if (describedAs === undefined) return value;
  if (sameType(describedAs, 'date')) return `${value}::date`;
  const isNumeric = shortType(type).startsWith('numeric');
  return isNumeric ? `round(${value}, ${/,(\d+)\)/.exec(describedAs)?.[1] ?? 0})` : value;
}
