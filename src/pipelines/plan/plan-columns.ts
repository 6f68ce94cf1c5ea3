import type { Contract } from '../../config/define.ts';
import type { DescribedColumn } from '../../formats/dump/described-column.ts';
import { transformFor } from '../../formats/dump/value-transform.ts';
import { identifierFrom, MAX_NAME_BYTES, shortenWithHash } from '../../naming.ts';
import type { IdentifiedEntry } from '../identify/identified.ts';
import type { Inference } from '../inference/infer-types.ts';
import type { KnownDataset, KnownVersion } from '../tables/known-dataset.ts';
import { briefType } from '../tables/type-names.ts';
import { normaliseName, normaliseNames } from './names.ts';
import type { LayoutChange, PlannedColumn, TableColumn, TableName } from './run-plan.ts';
import { type ExistingColumn, type Settled, settleColumn } from './settle-column.ts';

export interface ColumnsInput {
  readonly entry: IdentifiedEntry;
  readonly contract: Contract;
  readonly parent: TableName;
  /** The parent's columns; null when this file's layout is the first. */
  readonly shared: readonly TableColumn[] | null;
  /** Versions that the file could belong to. */
  readonly versions: readonly KnownVersion[];
  /** Null for a dataset that does not exist yet. */
  readonly known: KnownDataset | null;
  readonly widened: ReadonlyMap<string, string> | null;
}

export interface PlannedColumns {
  readonly columns: readonly PlannedColumn[];
  readonly changes: readonly LayoutChange[];
}

/** Settles the type of each column of a file: declared, described, as the table has it, or inferred. */
export function planColumns(input: ColumnsInput): PlannedColumns {
  const { entry, contract, shared } = input;
  const { header, columnCount } = entry.detected;
  const originals = Array.from({ length: columnCount }, (_, at) => header?.[at] ?? '');
  const names = normaliseNames(originals);
  const declared = byName(Object.entries(entry.config?.columns ?? {}));
  const dumped = describedColumns(entry.described ?? [], names, originals);
  const existing = existingColumns(input, names);
  const variants = input.versions.flatMap((version) => version.columns.filter(isVariant));
  const variantName = variantNames(input, names);
  const leftOut = new Set(entry.correction?.discarded);
  const settled = names.map((name, at) => {
    const original = header === null ? null : (originals[at] ?? '');
    if (leftOut.has(name)) return leaveOut(name, original);
    return settleColumn(
      {
        name,
        original,
        declared: declared.get(name) ?? null,
        described: dumped[at]?.type ?? null,
        inferred: entry.inferred[at] as Inference,
        widened: input.widened?.get(name) ?? null,
        existing: existing.get(name) ?? null,
        variants: variants.filter((variant) => variant.variantOf === name),
      },
      { entry, contract, isKnown: shared !== null, variantName, where: whereIn(input) },
    );
  });
  return {
    columns: settled.map(({ column }, at) => asDescribed(column, dumped[at])),
    changes: settled.flatMap(({ change }) => (change === null ? [] : [change])),
  };
}

/** The rows that the correction joins have no such column either. */
function leaveOut(name: string, original: string | null): Settled {
  const why = 'left out by the load that is corrected';
  return {
    column: { name, original, type: 'text', origin: 'inferred', why, discarded: true },
    change: null,
  };
}

/**
 * What the feed says of each column of the file. Names are compared as they stand before they are normalised, for two may
 * become one: `A b` and `a_b`.
 */
function describedColumns(
  described: readonly DescribedColumn[],
  names: readonly string[],
  originals: readonly string[],
): (DescribedColumn | undefined)[] {
  const exact = new Map(described.map((column) => [column.name, column]));
  const normalised = new Map(described.map((column) => [normaliseName(column.name, 1), column]));
  return names.map((name, at) => exact.get(originals[at] ?? '') ?? normalised.get(name));
}

/** With what a dump says of the column beyond its type. */
function asDescribed(column: PlannedColumn, dumped: DescribedColumn | undefined): PlannedColumn {
  if (dumped === undefined) return column;
  if (dumped.isDropped) return { ...column, discarded: true, why: 'binary, dropped as the dataset says' };
  const transform = transformFor(dumped.transform, column.type);
  return transform === null ? column : { ...column, transform };
}

/** The name under which a column is compared from file to file. */
export function fileName({ name, variantOf }: Pick<TableColumn, 'name' | 'variantOf'>): string {
  return variantOf ?? name;
}

function isVariant({ variantOf }: TableColumn): boolean {
  return variantOf !== undefined;
}

/** Types by normalised name. */
function byName(types: readonly (readonly [string, string])[]): Map<string, string> {
  return new Map(types.map(([name, type]) => [normaliseName(name, 1), type]));
}

/** Columns of the parent, and those that only the versions have whose files had these names. */
function existingColumns(input: ColumnsInput, names: readonly string[]): Map<string, ExistingColumn> {
  const { parent, versions, entry } = input;
  const same = versions.filter((version) => entry.label !== null || hasNames(version, names));
  const own = same.flatMap((version) => {
    const table = { schema: parent.schema, name: version.tableName };
    return version.columns.filter((column) => !isVariant(column)).map((column) => ({ ...column, table }));
  });
  const shared = (input.shared ?? []).map((column) => ({ ...column, table: parent }));
  return new Map([...own.reverse(), ...shared].map((column) => [column.name, column]));
}

/** A version of another label or other columns may have what neither the parent nor this version has. */
function whereIn({ entry, parent, versions, known }: ColumnsInput) {
  const named = (table: string) => `${parent.schema}.${table}`;
  const [own] = entry.label === null ? [] : versions;
  return (name: string) => {
    const others = (known?.versions ?? []).filter(({ layout }) =>
      layout.some((one) => fileName(one) === name),
    );
    const tables = others.map(({ tableName }) => named(tableName)).join(', ');
    return {
      table:
        own === undefined
          ? named(parent.name)
          : `${named(parent.name)} and its version ${named(own.tableName)}`,
      others: tables === '' ? '' : ` (other versions have it: ${tables})`,
    };
  };
}

function hasNames(version: KnownVersion, names: readonly string[]): boolean {
  const there = new Set(version.layout.map(fileName));
  return there.size === names.length && names.every((name) => there.has(name));
}

/** `<name>__<type>`, told apart by a number from what is called so already. */
function variantNames(input: ColumnsInput, names: readonly string[]) {
  const taken = new Set([
    ...names,
    ...(input.shared ?? []).map((column) => column.name),
    ...input.versions.flatMap((version) => version.columns.map((column) => column.name)),
  ]);
  return (name: string, type: string): string => {
    const suffix = `__${identifierFrom(briefType(type))}`;
    for (let number = 1; ; number++) {
      const behind = number === 1 ? suffix : `${suffix}_${number}`;
      const candidate =
        shortenWithHash(name, Math.max(10, MAX_NAME_BYTES - Buffer.byteLength(behind))) + behind;
      const fitted = shortenWithHash(candidate, MAX_NAME_BYTES);
      if (taken.has(fitted)) continue;
      taken.add(fitted);
      return fitted;
    }
  };
}
