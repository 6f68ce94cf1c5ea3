import type { Contract, DatasetConfig } from '../../config/define.ts';
import { SluiceError } from '../../errors.ts';
import type { IdentifiedEntry } from '../identify/identified.ts';
import { INFERRED_TYPES, type Inference, joinTypes, NO_VALUES } from '../inference/infer-types.ts';
import type { KnownDataset } from '../tables/known-dataset.ts';
import { sameType } from '../tables/type-names.ts';
import { matchVersion } from './match-version.ts';
import { normaliseName, normaliseNames } from './names.ts';
import type { LayoutChange, PlannedColumn, TableColumn, TableName } from './run-plan.ts';

export interface ColumnsInput {
  readonly entry: IdentifiedEntry;
  readonly known: KnownDataset | null;
  readonly widened: ReadonlyMap<string, string> | null;
  readonly contract: Contract;
}

export interface PlannedColumns {
  readonly columns: readonly PlannedColumn[];
  readonly changes: readonly LayoutChange[];
}

/** Settles the type of each column of a file: declared, as the table has it, or inferred. */
export function planColumns(input: ColumnsInput): PlannedColumns {
  const { entry, known } = input;
  const { header, columnCount } = entry.detected;
  const originals = Array.from({ length: columnCount }, (_, at) => header?.[at] ?? '');
  const names = normaliseNames(originals);
  const declared = declaredTypes(entry.config);
  const existing = existingColumns(known, names);
  const changes: LayoutChange[] = [];
  const columns = names.map((name, at) => {
    const original = header === null ? null : (originals[at] ?? '');
    const subject: Subject = {
      name,
      original,
      declared: declared.get(name) ?? null,
      inferred: entry.inferred[at] as Inference,
      existing: existing.get(name) ?? null,
    };
    const { column, change } = settle(subject, input);
    if (change !== null) changes.push(change);
    return column;
  });
  return { columns, changes };
}

interface Subject {
  readonly name: string;
  readonly original: string | null;
  readonly declared: string | null;
  readonly inferred: Inference;
  readonly existing: ExistingColumn | null;
}

/** A column the dataset has, and the table that owns it. */
interface ExistingColumn extends TableColumn {
  readonly table: TableName;
}

interface Settled {
  readonly column: PlannedColumn;
  readonly change: LayoutChange | null;
}

function settle(subject: Subject, input: ColumnsInput): Settled {
  if (subject.existing !== null) return settleExisting(subject, subject.existing, input);
  const { known, contract, entry } = input;
  const { name, original } = subject;
  const column = { name, original, discarded: false, ...typeOfNew(subject, input) };
  if (known === null || contract.newColumn === 'evolve') return { column, change: null };
  if (contract.newColumn === 'freeze') {
    throw new SluiceError('COLUMN_REFUSED', { file: entry.title, dataset: entry.dataset, column: name });
  }
  return { column: { ...column, discarded: true }, change: { kind: 'discardColumn', column: name } };
}

function typeOfNew(subject: Subject, input: ColumnsInput): Pick<PlannedColumn, 'type' | 'origin' | 'why'> {
  if (subject.declared !== null) return { type: subject.declared, origin: 'declared', why: 'declared' };
  const widened = input.widened?.get(subject.name);
  if (widened !== undefined && widened !== subject.inferred.type)
    return { type: widened, origin: 'inferred', why: 'a record contradicted the sample' };
  return { ...subject.inferred, origin: 'inferred' };
}

/** A column the dataset has already: its type stays unless a value contradicts it and the type was only a guess. */
function settleExisting(subject: Subject, existing: ExistingColumn, input: ColumnsInput): Settled {
  const { name, original } = subject;
  const same = { name, original, discarded: false };
  if (subject.declared !== null || existing.declared) {
    refuseConflict(subject, existing, input);
    return { column: { ...same, type: existing.type, origin: 'declared', why: 'declared' }, change: null };
  }
  const needed = input.widened?.get(name) ?? neededType(subject, existing);
  if (needed === existing.type) {
    return {
      column: { ...same, type: needed, origin: 'inferred', why: 'as the table has it' },
      change: null,
    };
  }
  const { contract, entry } = input;
  if (contract.typeChange === 'freeze') {
    const facts = {
      file: entry.title,
      dataset: entry.dataset,
      column: name,
      type: existing.type,
      found: needed,
    };
    throw new SluiceError('TYPE_REFUSED', facts);
  }
  const { type: from, table } = existing;
  return {
    column: { ...same, type: needed, origin: 'inferred', why: subject.inferred.why },
    change: { kind: 'widenType', column: name, from, to: needed, table },
  };
}

function neededType(subject: Subject, existing: TableColumn): string {
  const current = INFERRED_TYPES.find((type) => type === existing.type);
  if (current === undefined || subject.inferred.why === NO_VALUES) return existing.type;
  return joinTypes(current, subject.inferred.type);
}

function refuseConflict(subject: Subject, existing: ExistingColumn, input: ColumnsInput): void {
  const { declared } = subject;
  if (declared === null || sameType(declared, existing.type)) return;
  const { schema, name } = existing.table;
  throw new SluiceError('TYPE_CONFLICT', {
    file: input.entry.title,
    column: subject.name,
    declared,
    table: `${schema}.${name}`,
    type: existing.type,
  });
}

/** Declared types by normalised name. */
function declaredTypes(config: DatasetConfig | null): Map<string, string> {
  const entries = Object.entries(config?.columns ?? {});
  return new Map(entries.map(([name, type]) => [normaliseName(name, 1), type]));
}

/** Columns of the parent, and those that only the version these names belong to has. */
function existingColumns(known: KnownDataset | null, names: readonly string[]): Map<string, ExistingColumn> {
  if (known === null) return new Map();
  const version = matchVersion(known, names);
  const table = { schema: known.parent.schema, name: version?.tableName ?? '' };
  const own = (version?.columns ?? []).map((column) => ({ ...column, table }));
  const shared = known.columns.map((column) => ({ ...column, table: known.parent }));
  return new Map([...own, ...shared].map((column) => [column.name, column]));
}
