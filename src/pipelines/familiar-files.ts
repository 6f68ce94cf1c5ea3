import type { Settings } from '../config/settings.ts';
import {
  KnownForm,
  type KnownRecords,
  MOST_RECOGNISED_BYTES,
  type ValueEnd,
} from '../formats/delimited/known-form.ts';
import type { SourceFile } from '../ledger/source-file.ts';
import { exactEnd } from './copy/exact-forms.ts';
import type { Handler, NamedEntry } from './handlers/handler.ts';
import type { IdentifiedEntry } from './identify/identified.ts';
import { INFERRED_TYPES, type InferredType } from './inference/infer-types.ts';
import type { LoadPlan, PlannedColumn } from './plan/run-plan.ts';
import type { KnownDataset } from './tables/known-dataset.ts';

/** Layouts that are remembered, of one dataset and of all together. */
const MOST_OF_ONE = 8;
const MOST_OF_ALL = 1_000;

/** A layout that has been planned: how its files are written, and where their columns go. */
export interface FamiliarLayout {
  readonly form: KnownForm;
  readonly values: readonly (ValueEnd | null)[];
  readonly plan: LoadPlan;
  /** The dataset that the plan was made for. */
  readonly dataset: string;
}

/** A small file, and what its name says. */
export interface NamedFile {
  readonly named: NamedEntry;
  readonly fileName: string;
  readonly bytes: Buffer;
}

/** A file that would be planned just as an earlier one was. */
export interface FamiliarFile {
  readonly layout: FamiliarLayout;
  readonly bytes: Buffer;
  readonly records: KnownRecords;
  readonly named: NamedEntry;
  readonly plan: LoadPlan;
}

/**
 * What small files have shown of their datasets. It is a guess about the next file, checked against all of that file's
 * bytes, and against the dataset as it is now: a file counts as familiar only when detection and planning would come to
 * the same. See ADR 9.
 */
export class FamiliarFiles {
  /** By what the name says; those that were of use last stand last. */
  private readonly layouts = new Map<string, FamiliarLayout[]>();

  constructor(
    private readonly handlers: readonly Handler[],
    private readonly settings: Settings,
  ) {}

  /** What the name of a file says whose bytes may tell that it is familiar; null for every other file. */
  named(file: SourceFile): NamedEntry | null {
    const most = Math.min(MOST_RECOGNISED_BYTES, this.settings.maxRecordBytes);
    if (file.identity.size > most) return null;
    const handler = this.handlers.find((one) => one.accepts(file));
    const named = handler?.named?.(file, this.settings);
    // What its last lines are or another file says of it has to be looked at.
    const { complete, dialect } = named?.config ?? {};
    if (complete?.trailer !== undefined || complete?.control || dialect?.footerLines) return null;
    return named === undefined || named.compression !== 'none' ? null : named;
  }

  /** Remembers how a file was planned, when the plan changes no table. */
  learn(
    { named, bytes }: NamedFile,
    entry: IdentifiedEntry,
    plan: LoadPlan,
    known: KnownDataset | null,
  ): void {
    if (plan.changesDataset || plan.isSkipped || !plan.columns.every(isCheckable)) return;
    const form = entry.sampleIsWhole ? KnownForm.of(entry.detected, bytes, entry.config?.dialect) : null;
    if (form === null) return;
    const key = keyOf(named);
    const dataset = textOf(known);
    const layouts = (this.layouts.get(key) ?? []).filter((layout) => layout.dataset === dataset);
    const layout = { form, dataset, plan, values: plan.columns.map(valueEndOf) };
    this.keep(key, [...layouts.slice(1 - MOST_OF_ONE), layout]);
  }

  /** Null when the file has to be looked at as if it were the first of its dataset, which is `known` as it is now. */
  recognise({ named, fileName, bytes }: NamedFile, known: KnownDataset | null): FamiliarFile | null {
    const key = keyOf(named);
    const layouts = this.layouts.get(key);
    if (layouts === undefined) return null;
    const dataset = textOf(known);
    for (const layout of layouts) {
      const records = layout.dataset === dataset ? layout.form.read(bytes, fileName, layout.values) : null;
      if (records === null) continue;
      this.keep(key, layouts);
      const { title, businessDate } = named;
      const plan = { ...layout.plan, title, businessDate };
      return { layout, bytes, records, named, plan };
    }
    return null;
  }

  private keep(key: string, layouts: FamiliarLayout[]): void {
    this.layouts.delete(key);
    this.layouts.set(key, layouts);
    for (const oldest of this.layouts.keys()) {
      if (this.layouts.size <= MOST_OF_ALL) break;
      this.layouts.delete(oldest);
    }
  }
}

const TEXTS = new WeakMap<KnownDataset, string>();

/** A dataset as text, to be compared; made once for all files of a group. */
function textOf(known: KnownDataset | null): string {
  if (known === null) return '';
  const text = TEXTS.get(known) ?? JSON.stringify(known);
  TEXTS.set(known, text);
  return text;
}

/** All that a plan depends on besides the content; title and date are the file's own. */
function keyOf(named: NamedEntry): string {
  return JSON.stringify({ ...named, title: null, businessDate: null, config: named.config?.name ?? null });
}

/** Every value of the column can be told from its bytes to fit, or need not be looked at. */
function isCheckable(column: PlannedColumn): boolean {
  return !column.discarded && (column.origin === 'declared' || isInferred(column.type));
}

/** A declared type is kept whatever the values are; an inferred one as long as they fit. */
function valueEndOf({ origin, type }: PlannedColumn): ValueEnd | null {
  return origin === 'inferred' && isInferred(type) ? exactEnd(type) : null;
}

function isInferred(type: string): type is InferredType {
  return INFERRED_TYPES.some((inferred) => inferred === type);
}
