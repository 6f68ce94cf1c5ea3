import type { Contract } from '../../config/define.ts';
import { SluiceError } from '../../errors.ts';
import type { IdentifiedEntry } from '../identify/identified.ts';
import {
  INFERRED_TYPES,
  type Inference,
  type InferredType,
  joinTypes,
  NO_VALUES,
} from '../inference/infer-types.ts';
import { sameType } from '../tables/type-names.ts';
import { joinColumnTypes, rewritesTable, takesType } from '../tables/widen-types.ts';
import type { LayoutChange, PlannedColumn, TableColumn, TableName } from './run-plan.ts';

/** A column the dataset has, and the table that owns it. */
export interface ExistingColumn extends TableColumn {
  readonly table: TableName;
}

/** One column of a file, and all that is known of it. */
export interface Subject {
  readonly name: string;
  readonly original: string | null;
  /** From the configuration: holds, whatever the table has. */
  readonly declared: string | null;
  /** From the feed's own description: a type that it fits into will do. */
  readonly described: string | null;
  readonly inferred: Inference;
  /** A survey of the whole file found this type to be needed. */
  readonly widened: string | null;
  readonly existing: ExistingColumn | null;
  /** Columns that stand beside `existing` because of their types. */
  readonly variants: readonly TableColumn[];
}

export interface SettleInput {
  readonly entry: IdentifiedEntry;
  readonly contract: Contract;
  /** The dataset has columns to compare with. */
  readonly isKnown: boolean;
  /** The table that lacks a column, and those that have it all the same. */
  where(name: string): { readonly table: string; readonly others: string };
  /** A name for a column of this type beside `name`. */
  variantName(name: string, type: string): string;
}

export interface Settled {
  readonly column: PlannedColumn;
  readonly change: LayoutChange | null;
}

/** Where one column of a file goes, and as what type. */
export function settleColumn(subject: Subject, input: SettleInput): Settled {
  if (subject.existing === null) return settleNew(subject, input);
  return settleExisting(subject, subject.existing, input);
}

function settleNew(subject: Subject, { entry, contract, isKnown, where }: SettleInput): Settled {
  const { name } = subject;
  const column = { ...plain(subject), ...typeOfNew(subject) };
  if (!isKnown || contract.newColumn === 'evolve') return { column, change: null };
  if (contract.newColumn === 'freeze') {
    throw new SluiceError('COLUMN_REFUSED', {
      ...{ file: entry.title, dataset: entry.dataset, column: name },
      ...where(name),
    });
  }
  return discard(column, 'the dataset has no such column');
}

function plain({ name, original }: Subject) {
  return { name, original, discarded: false };
}

function discard(column: PlannedColumn, why: string): Settled {
  return {
    column: { ...column, discarded: true, why },
    change: { kind: 'discardColumn', column: column.name, why },
  };
}

function typeOfNew(subject: Subject): Pick<PlannedColumn, 'type' | 'origin' | 'why'> {
  const { declared, described, widened, inferred } = subject;
  if (declared !== null) return { type: declared, origin: 'declared', why: 'declared' };
  if (described !== null) return { type: described, origin: 'declared', why: 'as its source describes it' };
  if (widened !== null && widened !== inferred.type)
    return { type: widened, origin: 'inferred', why: 'a record contradicted the sample' };
  return { ...inferred, origin: 'inferred' };
}

/** A column the dataset has already: its type stays unless the file has, or says that it has, something else. */
function settleExisting(subject: Subject, existing: ExistingColumn, input: SettleInput): Settled {
  const asIs = { ...plain(subject), type: existing.type };
  const wanted = subject.declared ?? subject.described;
  if (wanted === null) {
    if (existing.declared) return keep({ ...asIs, origin: 'declared', why: 'declared' });
    const needed = subject.widened ?? neededType(subject, existing);
    if (needed === existing.type) return keep({ ...asIs, origin: 'inferred', why: 'as the table has it' });
    return settleConflict(subject, existing, input, { type: needed, isGuess: true });
  }
  const fits = subject.declared === null ? takesType(existing.type, wanted) : sameType(existing.type, wanted);
  if (fits) return keep(narrower(subject, { ...asIs, origin: 'declared', why: whyDeclared(subject) }));
  return settleConflict(subject, existing, input, { type: wanted, isGuess: false });
}

/** A described type of which the column holds more is noted, for it does not depend on which version came first. */
function narrower({ declared, described }: Subject, column: PlannedColumn): PlannedColumn {
  const isNarrower = declared === null && described !== null && !sameType(described, column.type);
  return isNarrower ? { ...column, describedAs: described } : column;
}

function keep(column: PlannedColumn): Settled {
  return { column, change: null };
}

function whyDeclared({ declared }: Subject): string {
  return declared === null ? 'as its source describes it' : 'declared';
}

function neededType(subject: Subject, existing: TableColumn): string {
  const current = guessedType(existing);
  if (current === null || subject.inferred.why === NO_VALUES) return existing.type;
  return joinTypes(current, subject.inferred.type);
}

function guessedType(column: TableColumn): InferredType | null {
  return INFERRED_TYPES.find((type) => type === column.type) ?? null;
}

interface Wanted {
  readonly type: string;
  /** Neither this type nor the table's was declared. */
  readonly isGuess: boolean;
}

function settleConflict(
  subject: Subject,
  existing: ExistingColumn,
  input: SettleInput,
  wanted: Wanted,
): Settled {
  const { contract, entry } = input;
  const origin = wanted.isGuess ? 'inferred' : 'declared';
  const column = { ...plain(subject), type: wanted.type, origin } as const;
  if (contract.typeChange === 'freeze') {
    const facts = { file: entry.title, dataset: entry.dataset, column: subject.name };
    throw new SluiceError('TYPE_REFUSED', { ...facts, type: existing.type, found: wanted.type });
  }
  if (contract.typeChange === 'discard') {
    return discard({ ...column, why: '' }, `it is ${wanted.type}, the dataset has ${existing.type}`);
  }
  const mayWiden = wanted.isGuess || contract.typeChange === 'widen' || contract.parent === 'widen';
  const to = mayWiden ? widenedType(subject, existing, wanted) : null;
  return to === null ? besides(subject, existing, input, wanted.type) : widen(subject, existing, column, to);
}

/** Null when values would be lost, or a declared type would not be kept to. */
function widenedType(subject: Subject, existing: ExistingColumn, wanted: Wanted): string | null {
  if (wanted.isGuess) return wanted.type;
  const guessed = existing.declared ? null : guessedType(existing);
  const other = INFERRED_TYPES.find((type) => sameType(type, wanted.type));
  if (guessed !== null && other !== undefined && joinTypes(guessed, other) === other) return other;
  const joined = joinColumnTypes(existing.type, wanted.type);
  if (joined === null || sameType(joined, existing.type)) return null;
  return subject.declared === null || sameType(joined, wanted.type) ? joined : null;
}

function widen(
  subject: Subject,
  existing: ExistingColumn,
  column: Omit<PlannedColumn, 'why'>,
  to: string,
): Settled {
  const { type: from, table } = existing;
  const why = column.origin === 'inferred' ? subject.inferred.why : whyDeclared(subject);
  return {
    column: narrower(subject, { ...column, type: to, why }),
    change: {
      kind: 'widenType',
      column: subject.name,
      ...{ from, to, table },
      rewrites: rewritesTable(from, to),
    },
  };
}

/** A column of its own beside the one that the dataset has; one that is there already is used again. */
function besides(subject: Subject, existing: ExistingColumn, input: SettleInput, type: string): Settled {
  const { name } = subject;
  const there = subject.variants.find((variant) =>
    subject.declared === null ? takesType(variant.type, type) : sameType(variant.type, type),
  );
  const why = `${whyDeclared(subject)}; ${name} is ${existing.type}`;
  const variant = there ?? { name: input.variantName(name, type), type };
  const column = { ...plain(subject), name: variant.name, type: variant.type, variantOf: name, why };
  return { column: narrower(subject, { ...column, origin: 'declared' }), change: null };
}
