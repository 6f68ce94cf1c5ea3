import { createHash } from 'node:crypto';
import type { Contract } from '../../config/define.ts';
import { fitIdentifier } from '../../db/identifiers.ts';
import { SluiceError } from '../../errors.ts';
import type { IdentifiedEntry } from '../identify/identified.ts';
import { createVersion, layoutDdl } from '../tables/ddl.ts';
import type { KnownDataset, KnownVersion } from '../tables/known-dataset.ts';
import { matchVersion } from './match-version.ts';
import { planColumns } from './plan-columns.ts';
import type { LayoutChange, LoadPlan, PlannedColumn, TableColumn, TableName } from './run-plan.ts';

/** Postgres allows 1,600 columns; two are ours. */
const MAX_COLUMNS = 1598;

/** What a plain delimited file's dataset does when its configuration does not say. */
const DEFAULT_CONTRACT: Contract = { newColumn: 'evolve', typeChange: 'widen', parent: 'widen' };

export interface PlanInput {
  readonly entry: IdentifiedEntry;
  /** Null for a dataset that does not exist yet. */
  readonly known: KnownDataset | null;
  readonly stagingSchema: string;
  /** Place of the job in its run, from 1. */
  readonly jobNumber: number;
  /** Types from a survey of the whole file, by column name; they replace what the sample said. Null before one. */
  readonly widened: ReadonlyMap<string, string> | null;
}

/** Decides where every column of a file goes. Pure: nothing is executed. */
export function planLoad(input: PlanInput): LoadPlan {
  const { entry, known } = input;
  const contract = { ...DEFAULT_CONTRACT, ...entry.config?.contract };
  if (entry.detected.columnCount > MAX_COLUMNS) {
    throw new SluiceError('COLUMNS_TOO_MANY', { file: entry.title, count: entry.detected.columnCount });
  }
  const parent = known?.parent ?? { schema: input.stagingSchema, name: entry.dataset };
  const { columns, changes } = planColumns({ ...input, contract });
  const kept = columns.filter((column) => !column.discarded).map(toTableColumn);
  const version =
    known === null
      ? null
      : matchVersion(
          known,
          kept.map((column) => column.name),
        );
  const target =
    version === null ? newTarget(known, parent) : { name: version.tableName, number: version.version };
  const shape = shapeOf(known, version, kept, contract);
  const allChanges = [...structural(known, version, target.number), ...changes, ...shape.added];
  const versionTable = { schema: parent.schema, name: target.name };
  return {
    jobNumber: input.jobNumber,
    entryName: entry.entryName,
    title: entry.title,
    dataset: entry.dataset,
    derived: entry.config === null,
    businessDate: entry.businessDate,
    folder: entry.folder,
    label: entry.label,
    dialect: entry.detected.dialect,
    ragged: entry.config?.ragged ?? 'reject',
    parent,
    version: versionTable,
    versionNumber: target.number,
    datasetId: known?.datasetId ?? null,
    versionId: version?.versionId ?? null,
    revision: known?.revision ?? 0,
    pending: known?.pending ?? false,
    sawEverything: entry.sampleIsWhole || input.widened !== null,
    columns,
    tableColumns: shape.table,
    parentColumns: shape.parent,
    changes: allChanges,
    ddl: [
      ...layoutDdl(parent, shape.parent, allChanges),
      ...(version === null ? createVersion(parent, versionTable, shape.ownColumns) : []),
    ],
    fingerprint: fingerprint(kept),
    correction: entry.correction,
  };
}

function toTableColumn(column: PlannedColumn): TableColumn {
  const { name, type, original } = column;
  return { name, type, original, declared: column.origin === 'declared' };
}

function newTarget(known: KnownDataset | null, parent: TableName): { name: string; number: number } {
  const number = 1 + Math.max(0, ...(known?.versions ?? []).map((version) => version.version));
  return { name: fitIdentifier(parent.name, `__v${number}`), number };
}

interface Shape {
  /** Parent's columns afterwards. */
  readonly parent: readonly TableColumn[];
  /** Version table's columns afterwards, inherited ones included. */
  readonly table: readonly TableColumn[];
  /** Columns that only the (new) version table has. */
  readonly ownColumns: readonly TableColumn[];
  readonly added: readonly LayoutChange[];
}

function shapeOf(
  known: KnownDataset | null,
  version: KnownVersion | null,
  kept: readonly TableColumn[],
  contract: Contract,
): Shape {
  if (known === null) return { parent: kept, table: kept, ownColumns: [], added: [] };
  const retyped = new Map(kept.map((column) => [column.name, column]));
  const parent = known.columns.map((column) => ({ ...column, ...typeOf(retyped.get(column.name)) }));
  const parentNames = new Set(parent.map((column) => column.name));
  const beyond = kept.filter((column) => !parentNames.has(column.name));
  if (version !== null) {
    const table = version.columns.map((column) => ({ ...column, ...typeOf(retyped.get(column.name)) }));
    return { parent, table, ownColumns: [], added: [] };
  }
  const on = contract.parent === 'widen' ? 'parent' : 'version';
  const added = beyond.map(
    ({ name, type }) => ({ kind: 'newColumn' as const, column: name, type, on }) as const,
  );
  return on === 'parent'
    ? { parent: [...parent, ...beyond], table: [...parent, ...beyond], ownColumns: [], added }
    : { parent, table: [...parent, ...beyond], ownColumns: beyond, added };
}

function typeOf(column: TableColumn | undefined): Partial<TableColumn> {
  return column === undefined ? {} : { type: column.type, declared: column.declared };
}

function structural(
  known: KnownDataset | null,
  version: KnownVersion | null,
  number: number,
): LayoutChange[] {
  if (known === null) return [{ kind: 'newDataset' }, { kind: 'newVersion', version: number }];
  return version === null ? [{ kind: 'newVersion', version: number }] : [];
}

/** SHA-256 (hex) of the ordered column names and types. */
function fingerprint(columns: readonly TableColumn[]): string {
  const layout = columns.map(({ name, type }) => [name, type]);
  return createHash('sha256').update(JSON.stringify(layout)).digest('hex');
}
