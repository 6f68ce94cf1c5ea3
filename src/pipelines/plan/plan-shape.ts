import type { Contract } from '../../config/define.ts';
import type { KnownDataset, KnownVersion } from '../tables/known-dataset.ts';
import { sameType } from '../tables/type-names.ts';
import type { LayoutChange, TableColumn } from './run-plan.ts';

export interface ShapeInput {
  readonly known: KnownDataset | null;
  /** The parent's columns, with those that the configuration gives it; null when this layout is the first. */
  readonly shared: readonly TableColumn[] | null;
  /** Those of them that the parent has not got yet. */
  readonly declared: readonly TableColumn[];
  /** Null: the version table is new. */
  readonly version: KnownVersion | null;
  readonly kept: readonly TableColumn[];
  readonly contract: Contract;
}

export interface Shape {
  /** What a new parent is made with. */
  readonly parentAtFirst: readonly TableColumn[];
  /** Parent's columns afterwards. */
  readonly parent: readonly TableColumn[];
  /** Version table's columns afterwards, inherited ones included. */
  readonly table: readonly TableColumn[];
  /** Columns that a new version table is made with, beside those it inherits. */
  readonly ownColumns: readonly TableColumn[];
  readonly added: readonly LayoutChange[];
}

/** Which columns parent and version table have when a layout has been taken in. */
export function planShape(input: ShapeInput): Shape {
  const { known, kept, version, contract } = input;
  const shared = input.shared ?? kept;
  const retyped = new Map(kept.map((column) => [column.name, column]));
  const before = [...shared, ...(version?.columns ?? [])];
  const there = new Set(before.map((column) => column.name));
  const beyond = kept.filter((column) => !there.has(column.name));
  const inParent = beyond.filter((column) => contract.parent === 'widen' && mayJoinParent(column, known));
  const own = beyond.filter((column) => !inParent.includes(column));
  const declared = known === null ? [] : input.declared;
  const parent = [...shared.map((column) => retype(column, retyped)), ...inParent];
  const atFirst = shared.map((column) => retype(column, retyped));
  const versionOwn = (version?.columns ?? []).filter(({ name }) => !parent.some((one) => one.name === name));
  return {
    parentAtFirst: atFirst,
    parent,
    table: [...parent, ...versionOwn.map((column) => retype(column, retyped)), ...own],
    ownColumns: version === null ? own : [],
    added: [
      ...[...declared, ...inParent].map((column) => added(column, 'parent')),
      ...own.map((column) => added(column, 'version')),
    ],
  };
}

/** Not beside a column of another type, and not where a version has a column of that name and another type. */
function mayJoinParent(column: TableColumn, known: KnownDataset | null): boolean {
  if (column.variantOf !== undefined) return false;
  const namesakes = (known?.versions ?? []).flatMap((version) =>
    version.columns.filter(({ name }) => name === column.name),
  );
  return namesakes.every(({ type }) => sameType(type, column.type));
}

function retype(column: TableColumn, retyped: ReadonlyMap<string, TableColumn>): TableColumn {
  const settled = retyped.get(column.name);
  return settled === undefined ? column : { ...column, type: settled.type, declared: settled.declared };
}

function added({ name, type, variantOf }: TableColumn, on: 'parent' | 'version'): LayoutChange {
  const change = { kind: 'newColumn', column: name, type, on } as const;
  return variantOf === undefined ? change : { ...change, beside: variantOf };
}
