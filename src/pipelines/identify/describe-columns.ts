import { SluiceError } from '../../errors.ts';
import type { ArchiveEntry } from '../../formats/archive/archive.ts';
import type { DetectedDialect } from '../../formats/delimited/detect-dialect.ts';
import type { DescribedColumn } from '../../formats/dump/described-column.ts';
import type { DescriptorColumn } from '../../formats/dump/descriptor.ts';
import { detectSource } from '../../formats/dump/detect-source.ts';
import type { DetectedTable } from '../../formats/dump/detect-table.ts';
import { mapType } from '../../formats/dump/map-type.ts';
import { usualMarker } from '../../formats/dump/null-marker.ts';
import { typeMaps } from '../../formats/dump/type-maps.ts';
import type { TypeMap } from '../../formats/dump/type-rules.ts';
import type { BinaryNotation } from '../../formats/dump/value-transform.ts';
import { identifierFrom } from '../../naming.ts';
import type { FoundDataset } from './find-dataset.ts';
import type { IdentifiedContent } from './identify-content.ts';

/** One table of a dump, and what is known of it before its source is. */
export interface DumpTable {
  readonly data: ArchiveEntry;
  readonly title: string;
  readonly name: string;
  /** Null for data without a descriptor. */
  readonly columns: readonly DescriptorColumn[] | null;
  readonly table: DetectedTable;
  readonly found: FoundDataset;
  readonly content: IdentifiedContent;
}

/** What the tables of one dump have in common. */
export interface TableSource {
  readonly map: TypeMap;
  /** How NULL is written where a table's own values do not tell. */
  readonly nullMarker: string;
}

/** The source database of a dump: all of its tables tell it together. */
export function tableSources(tables: readonly DumpTable[]): TableSource {
  const markers = tables.flatMap(({ table }) => (table.nullMarker === null ? [] : [table.nullMarker]));
  const types = tables.flatMap(({ columns }) => (columns ?? []).map((column) => column.type));
  const backslashes = tables.some(({ table }) => table.detected.dialect.escape === '\\');
  const map = detectSource(types, typeMaps(), { nullMarkers: new Set(markers), backslashes });
  return { map, nullMarker: markers[0] ?? usualMarker(map.database) };
}

export interface DescribedTable {
  readonly described: readonly DescribedColumn[] | null;
  readonly detected: DetectedDialect;
  /** Where descriptor and data differ. */
  readonly notes: readonly string[];
}

/** The Postgres types of a table's columns. Throws TYPE_UNKNOWN for a type that the source does not have. */
export function describeColumns(dump: DumpTable, source: TableSource): DescribedTable {
  const { table, columns, found } = dump;
  const nullMarker = table.nullMarker ?? source.nullMarker;
  const { detected } = table;
  const settled = { ...detected, dialect: { ...detected.dialect, nullMarker } };
  if (columns === null)
    return {
      described: null,
      detected: settled,
      notes: ['data without a descriptor: its types are inferred'],
    };
  const map = typeMaps().get(found.config?.source ?? '') ?? source.map;
  const described = table.columns.flatMap((column, at) =>
    column === null ? [] : [describe(dump, map, column, table.notations[at] ?? 'hex')],
  );
  return { described, detected: settled, notes: differences(dump, columns) };
}

function describe(
  dump: DumpTable,
  map: TypeMap,
  { name, type }: DescriptorColumn,
  seen: BinaryNotation,
): DescribedColumn {
  const { config } = dump.found;
  const declared = declaredType(dump, name);
  const mapped = mapType(map, type);
  if (mapped === null && declared === null) throw unknownType(dump, map, { name, type });
  const { binary } = config ?? {};
  const isBinary = mapped?.type === 'bytea';
  const isDropped = isBinary && binary === 'drop';
  const written = binary === undefined || binary === 'drop' ? seen : binary;
  const transform = mapped?.transform ?? null;
  return {
    name,
    type: mapped?.type ?? declared ?? 'text',
    transform: transform?.name === 'bytes' ? { ...transform, written } : transform,
    isDropped,
  };
}

function declaredType({ found }: DumpTable, name: string): string | null {
  const wanted = identifierFrom(name);
  const entries = Object.entries(found.config?.columns ?? {});
  return entries.find(([key]) => identifierFrom(key) === wanted)?.[1] ?? null;
}

function unknownType(dump: DumpTable, map: TypeMap, { name, type }: DescriptorColumn): SluiceError {
  return new SluiceError('TYPE_UNKNOWN', {
    ...{ file: dump.title, table: dump.name, column: name, type, database: map.title },
    ...{ dataset: dump.found.dataset, key: JSON.stringify(identifierFrom(name)) },
  });
}

function differences({ table }: DumpTable, columns: readonly DescriptorColumn[]): string[] {
  const there = new Set(table.columns);
  const missing = columns.filter((column) => !there.has(column)).map(({ name }) => name);
  const more = (table.detected.header ?? []).filter((_, at) => table.columns[at] === null);
  return [
    ...missing.map((name) => `its descriptor has the column ${name}, which its header line lacks`),
    ...more.map((name) => `its descriptor lacks the column ${name}: the type is inferred`),
  ];
}
