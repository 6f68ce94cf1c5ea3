import { createHash } from 'node:crypto';
import { SluiceError } from '../../errors.ts';
import type { IdentifiedEntry } from '../identify/identified.ts';
import { createVersion, layoutDdl } from '../tables/ddl.ts';
import type { KnownDataset, KnownVersion } from '../tables/known-dataset.ts';
import { sameType } from '../tables/type-names.ts';
import { joinColumnTypes } from '../tables/widen-types.ts';
import { contractOf } from './contract.ts';
import { matchVersion, matchWiderVersion, type VersionKey, versionKey, versionsOf } from './match-version.ts';
import { normaliseName } from './names.ts';
import { fileName, planColumns } from './plan-columns.ts';
import { planShape } from './plan-shape.ts';
import type { LayoutChange, LoadPlan, PlannedColumn, TableColumn } from './run-plan.ts';
import { type NewTable, newParent, newVersionTable } from './table-names.ts';

/** Postgres allows 1,600 columns; two are ours. */
const MAX_COLUMNS = 1598;

export interface PlanInput {
  readonly entry: IdentifiedEntry;
  /** Null for a dataset that does not exist yet. */
  readonly known: KnownDataset | null;
  readonly stagingSchema: string;
  /** Place of the job in its run, from 1. */
  readonly jobNumber: number;
  /** Types from a survey of the whole file, by column name; they replace what the sample said. Null before one. */
  readonly widened: ReadonlyMap<string, string> | null;
  /** Names that other tables of ours have; a new one gets none of them. */
  readonly taken: ReadonlySet<string>;
}

/** Decides where every column of a file goes. Pure: nothing is executed. */
export function planLoad(input: PlanInput): LoadPlan {
  const { entry, known, taken } = input;
  const contract = contractOf(entry);
  const key = versionKey(entry);
  const parent = known?.parent ?? newParent(entry.dataset, input.stagingSchema, taken);
  const versions = versionsOf(known, key);
  const declared = declaredParent(entry, known);
  const shared = known === null && declared.length === 0 ? null : [...(known?.columns ?? []), ...declared];
  const { columns, changes } = planColumns({ ...input, contract, parent, shared, versions });
  const kept = columns.filter((column) => !column.discarded).map(toTableColumn);
  const version = findVersion(versions, key, kept, contract.missingColumn === 'discard');
  const missing = missingColumns(columns, shared, key.label === null ? null : version);
  refuseMissing(input, missing, contract.missingColumn);
  const target = version === null ? newVersionTable(known, parent, key, taken) : existingTable(version);
  const isSkipped = version === null && isTableRefused(input, `${parent.schema}.${target.name}`);
  const shape = planShape({ known, shared, declared, version, kept, contract });
  if (shape.table.length > MAX_COLUMNS) {
    throw new SluiceError('COLUMNS_TOO_MANY', { file: entry.title, count: shape.table.length });
  }
  const structural: LayoutChange[] = [
    ...(known === null ? [{ kind: 'newDataset' } as const] : []),
    ...(version === null ? [{ kind: 'newVersion', version: target.number } as const] : []),
  ];
  const noted = missing.map((column) => ({ kind: 'missingColumn', column }) as const);
  const allChanges = isSkipped
    ? [{ kind: 'skipRecords' } as const]
    : [...structural, ...changes, ...shape.added, ...noted];
  const versionTable = { schema: parent.schema, name: target.name };
  const layout = version === null ? kept : grownLayout(version, kept, key.label !== null);
  const ddl = isSkipped
    ? []
    : [
        ...layoutDdl(parent, versionTable, shape.parentAtFirst, allChanges),
        ...(version === null ? createVersion(parent, versionTable, shape.ownColumns) : []),
      ];
  return {
    jobNumber: input.jobNumber,
    entryName: entry.entryName,
    title: entry.title,
    dataset: entry.dataset,
    derived: entry.config === null,
    businessDate: entry.businessDate,
    folder: entry.folder,
    label: entry.label,
    contract,
    isSkipped,
    dialect: entry.detected.dialect,
    described: entry.described,
    ragged: entry.config?.ragged ?? 'reject',
    parent,
    version: versionTable,
    versionNumber: target.number,
    versionFolder: key.folder,
    datasetId: known?.datasetId ?? null,
    versionId: version?.versionId ?? null,
    isNewVersion: version === null,
    revision: known?.revision ?? 0,
    pending: known?.pending ?? false,
    sawEverything: entry.sampleIsWhole || input.widened !== null,
    columns,
    tableColumns: shape.table,
    parentColumns: shape.parent,
    layout,
    changes: allChanges,
    ddl,
    changesDataset: ddl.length > 0 || (version !== null && namesOf(layout) !== namesOf(version.layout)),
    fingerprint: fingerprint(layout),
    correction: entry.correction,
  };
}

function toTableColumn(column: PlannedColumn): TableColumn {
  const { name, type, original, variantOf, describedAs } = column;
  const plain = { name, type, original, declared: column.origin === 'declared' };
  return {
    ...plain,
    ...(variantOf !== undefined && { variantOf }),
    ...(describedAs !== undefined && { describedAs }),
  };
}

/** Columns that the configuration gives to the parent, and that it has not got yet. */
function declaredParent({ config }: IdentifiedEntry, known: KnownDataset | null): TableColumn[] {
  const there = new Set(known?.columns.map((column) => column.name));
  const own = new Map(
    known?.versions.flatMap(({ columns }) => columns.map(({ name, type }) => [name, type])),
  );
  return Object.entries(config?.parentColumns ?? {})
    .map(([original, type]) => ({ name: normaliseName(original, 1), type, original, declared: true }))
    .filter(({ name, type }) => !there.has(name) && (own.get(name) ?? type) === type);
}

function findVersion(
  versions: readonly KnownVersion[],
  key: VersionKey,
  kept: readonly TableColumn[],
  takesWider: boolean,
): KnownVersion | null {
  if (key.label !== null) return versions[0] ?? null;
  const names = kept.map((column) => column.name);
  return matchVersion(versions, names) ?? (takesWider ? matchWiderVersion(versions, names) : null);
}

function existingTable(version: KnownVersion): NewTable {
  return { name: version.tableName, number: version.version };
}

/** Columns of the parent, or of the labelled version, that the file lacks. */
function missingColumns(
  columns: readonly PlannedColumn[],
  shared: readonly TableColumn[] | null,
  version: KnownVersion | null,
): string[] {
  const there = new Set(columns.map(fileName));
  const expected = new Set([...(shared ?? []), ...(version?.layout ?? [])].map(fileName));
  return [...expected].filter((name) => !there.has(name));
}

function refuseMissing(
  { entry }: PlanInput,
  missing: readonly string[],
  mode: LoadPlan['contract']['missingColumn'],
): void {
  if (mode !== 'freeze' || missing.length === 0 || entry.correction !== null) return;
  const facts = { file: entry.title, dataset: entry.dataset, columns: missing.join(', ') };
  throw new SluiceError('COLUMN_MISSING', facts);
}

/** True when the contract skips what would need a new table; refuses it when the contract does. */
function isTableRefused({ entry }: PlanInput, table: string): boolean {
  const { newTable } = contractOf(entry);
  if (newTable === 'freeze') {
    throw new SluiceError('TABLE_REFUSED', { file: entry.title, dataset: entry.dataset, table });
  }
  return newTable === 'discard';
}

/** Columns of the files of a version. Only a labelled version has files of different layouts. */
function grownLayout(
  version: KnownVersion,
  kept: readonly TableColumn[],
  isLabelled: boolean,
): readonly TableColumn[] {
  const settled = new Map(kept.map((column) => [column.name, column]));
  const layout = version.layout.map((column) => {
    const now = settled.get(column.name);
    return now === undefined ? column : grownColumn(column, now);
  });
  if (!isLabelled) return layout;
  const there = new Set(layout.map((column) => column.name));
  return [...layout, ...kept.filter((column) => !there.has(column.name))];
}

/** With what all files of the version say of it. */
function grownColumn(before: TableColumn, now: TableColumn): TableColumn {
  const { describedAs, ...column } = before;
  const joined = joinColumnTypes(describedAs ?? before.type, now.describedAs ?? now.type) ?? now.type;
  const grown = { ...column, type: now.type };
  return sameType(joined, now.type) ? grown : { ...grown, describedAs: joined };
}

function namesOf(columns: readonly TableColumn[]): string {
  return JSON.stringify(columns.map((column) => column.name));
}

/** SHA-256 (hex) of the ordered column names and types. */
function fingerprint(columns: readonly TableColumn[]): string {
  const layout = columns.map(({ name, type }) => [name, type]);
  return createHash('sha256').update(JSON.stringify(layout)).digest('hex');
}
