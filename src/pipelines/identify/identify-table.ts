import type { DatasetConfig } from '../../config/define.ts';
import { SluiceError } from '../../errors.ts';
import type { DetectedDialect } from '../../formats/delimited/detect-dialect.ts';
import type { Field } from '../../formats/delimited/dialect.ts';
import type { DescribedColumn } from '../../formats/dump/described-column.ts';
import { mapType } from '../../formats/dump/map-type.ts';
import { typeMaps } from '../../formats/dump/type-maps.ts';
import type { TypeMap } from '../../formats/dump/type-rules.ts';
import { isQuiet } from '../../formats/dump/value-transform.ts';
import { HashingSource } from '../../formats/file-handle.ts';
import { identifierFrom } from '../../naming.ts';
import type { ChosenTable } from '../../sources/choose-tables.ts';
import {
  pullDialect,
  type Source,
  type SourceColumn,
  type TableReading,
  type WantedColumn,
} from '../../sources/source.ts';
import { NO_VALUES } from '../inference/infer-types.ts';
import { datasetFrom } from './dataset-name.ts';
import type { IdentifiedEntry, OpenedEntry } from './identified.ts';
import { sampleStream } from './sample.ts';
import { sampleRecords } from './sample-records.ts';

const PREVIEW_RECORDS = 5;

/** A table of a source, and what it feeds. */
export interface PulledTable {
  /** For people: `<source>.<table>`. */
  readonly title: string;
  readonly source: string;
  readonly table: ChosenTable;
  readonly dataset: string;
  readonly config: DatasetConfig;
}

/**
 * Names what a table of a source feeds. A pull is the whole table as it is now: where the configuration does not say otherwise, the rows of the
 * last one are replaced, and the parent table follows its columns.
 */
export function pulledTable(
  source: string,
  table: ChosenTable,
  datasets: readonly DatasetConfig[],
): PulledTable {
  const dataset = datasetFrom(table.dataset ?? `${source}_${table.name}`);
  const config = datasets.find(({ name }) => datasetFrom(name) === dataset);
  return {
    ...{ title: `${source}.${table.name}`, source, table, dataset },
    config: {
      ...{ disposition: 'replace', name: dataset, ...config },
      contract: { parent: 'widen', ...config?.contract },
    },
  };
}

/**
 * A load job for a table as its own catalogue describes it. With `preview` its first rows are read for people.
 *
 * @throws TYPE_UNKNOWN for a column that the source's type map does not have, SOURCE_TABLE_WITHOUT_COLUMNS
 */
export async function identifyTable(
  source: Source,
  pulled: PulledTable,
  preview = false,
): Promise<IdentifiedEntry> {
  const { title, table, dataset, config } = pulled;
  const columns = await source.describe(table.selection);
  if (columns.length === 0) {
    const facts = { table: table.name, source: pulled.source };
    throw new SluiceError('SOURCE_TABLE_WITHOUT_COLUMNS', facts);
  }
  const map = typeMaps().get(source.database) as TypeMap;
  const described = columns.map((column) => describe(pulled, map, column));
  const wanted = columns.map((column, at) => ({ ...column, written: described[at]?.written ?? 'postgres' }));
  const detected = detectedDialect(columns);
  const open = (limit?: number) => source.read(table.selection, wanted, limit);
  return {
    ...{ entryName: null, title, compression: 'none', dataset, config, businessDate: null },
    ...{ folder: null, label: null, kind: 'dump', detected, correction: null },
    described: described.map((one) => one.column),
    size: null,
    inferred: columns.map(() => ({ type: 'text', why: NO_VALUES })),
    sampleIsWhole: false,
    preview: preview ? await firstRecords(await open(PREVIEW_RECORDS), detected, title) : [],
    open: () => openTable(title, () => open()),
  };
}

interface Described {
  readonly column: DescribedColumn;
  readonly written: WantedColumn['written'];
}

function describe(pulled: PulledTable, map: TypeMap, { name, type }: SourceColumn): Described {
  const { config } = pulled;
  const declared = declaredType(config, name);
  const mapped = mapType(map, type);
  if (mapped === null && declared === null) throw unknownType(pulled, map, { name, type });
  const isDropped = mapped?.type === 'bytea' && config.binary === 'drop';
  const found = mapped?.transform ?? null;
  // What a source writes for Postgres needs no rewriting; values for another type than the map's are treated as those of a dump.
  const transform = found !== null && declared === null && isQuiet(found) ? null : found;
  const written = isDropped ? 'none' : declared === null ? 'postgres' : 'source';
  return { column: { name, type: mapped?.type ?? declared ?? 'text', transform, isDropped }, written };
}

function declaredType({ columns = {} }: DatasetConfig, name: string): string | null {
  const wanted = identifierFrom(name);
  return Object.entries(columns).find(([key]) => identifierFrom(key) === wanted)?.[1] ?? null;
}

function unknownType(
  { title, table, dataset }: PulledTable,
  map: TypeMap,
  { name, type }: SourceColumn,
): SluiceError {
  return new SluiceError('TYPE_UNKNOWN', {
    ...{ file: title, table: table.name, column: name, type, database: map.title, dataset },
    key: JSON.stringify(identifierFrom(name)),
  });
}

function detectedDialect(columns: readonly SourceColumn[]): DetectedDialect {
  const why = 'as tables are pulled';
  return {
    dialect: pullDialect(columns.length),
    header: columns.map(({ name }) => name),
    columnCount: columns.length,
    reasons: {
      ...{ encoding: why, delimiter: why, quote: why, escape: why, newline: why },
      ...{ header: why, preamble: why },
    },
  };
}

async function firstRecords(
  reading: TableReading,
  detected: DetectedDialect,
  title: string,
): Promise<Field[][]> {
  try {
    return await sampleRecords(await sampleStream(reading), detected, title);
  } finally {
    await reading.close();
  }
}

/** The reading begins with the first bytes that are asked for. */
function openTable(title: string, open: () => Promise<TableReading>): OpenedEntry {
  let reading: Promise<TableReading> | null = null;
  let told: TableReading | null = null;
  const source = new HashingSource(
    async (target, offset) => {
      reading ??= open();
      told = await reading;
      return told.read(target, offset);
    },
    async () => (await reading?.catch(() => null))?.close(),
  );
  return {
    source,
    sizeHint: null,
    get expected() {
      return told?.rows == null ? null : { count: told.rows, source: title };
    },
    position: () => source.position,
    hashes: () => ({ file: source.sha256(), content: source.sha256() }),
  };
}
