import { SluiceError } from '../../errors.ts';
import { type Model, type Reference, referencesOf } from './model.ts';

/** Where the models of a group stand to each other: in the order in which they are made. */
export interface ModelGroup {
  readonly models: readonly Model[];
  /** Names of the datasets that a model reads, itself or through others. */
  readonly datasets: ReadonlyMap<Model, ReadonlySet<string>>;
}

/**
 * Puts the models in order. Models that depend on each other, however far, are one group: what a reader sees of them
 * changes together. `datasetOf` gives the dataset that a name in the staging schema belongs to, or null.
 *
 * Throws MODEL_REFERENCE_UNKNOWN and MODEL_CYCLE with file and line.
 */
export function groupModels(
  models: readonly Model[],
  datasetOf: (name: string) => string | null,
): ModelGroup[] {
  const byName = new Map(models.map((model) => [model.name, model]));
  refuseUnknown(models, byName, datasetOf);
  const ordered = inOrder(models, byName);
  const datasets = new Map<Model, Set<string>>();
  for (const model of ordered) datasets.set(model, datasetsBelow(model, byName, datasets, datasetOf));
  return components(ordered, byName).map((group) => ({ models: group, datasets }));
}

/** Models that read from `start`, itself or through others, `start` included, in the order of the group. */
export function downstreamOf(group: ModelGroup, start: Model): Model[] {
  const reached = new Set([start.name]);
  for (const model of group.models) {
    const reads = referencesOf(model).some((one) => one.kind === 'warehouse' && reached.has(one.name));
    if (reads) reached.add(model.name);
  }
  return group.models.filter(({ name }) => reached.has(name));
}

function refuseUnknown(
  models: readonly Model[],
  byName: ReadonlyMap<string, Model>,
  datasetOf: (name: string) => string | null,
): void {
  for (const model of models) {
    for (const { kind, name, line } of [...referencesOf(model), ...model.checked]) {
      const known = kind === 'warehouse' ? byName.has(name) : datasetOf(name) !== null;
      if (known) continue;
      const reference = `${kind}.${name}`;
      const what = kind === 'warehouse' ? 'model' : 'dataset';
      throw new SluiceError('MODEL_REFERENCE_UNKNOWN', { file: model.file, line, reference, kind: what });
    }
  }
}

/** What is referred to comes first; otherwise by name. */
function inOrder(models: readonly Model[], byName: ReadonlyMap<string, Model>): Model[] {
  const done = new Set<Model>();
  const visit = (model: Model, path: readonly Model[]): void => {
    if (done.has(model)) return;
    for (const reference of warehouseReferences(model)) {
      const next = byName.get(reference.name);
      if (next === undefined) continue;
      if (next === model || path.includes(next)) throw cycle([...path, model], next, reference);
      visit(next, [...path, model]);
    }
    done.add(model);
  };
  for (const model of [...models].sort((a, b) => (a.name < b.name ? -1 : 1))) visit(model, []);
  return [...done];
}

function cycle(path: readonly Model[], closing: Model, { line }: Reference): SluiceError {
  const circle = [...path.slice(path.indexOf(closing)), closing].map(({ name }) => name).join(' -> ');
  return new SluiceError('MODEL_CYCLE', { file: path.at(-1)?.file, line, cycle: circle });
}

function warehouseReferences(model: Model): Reference[] {
  return referencesOf(model).filter((reference) => reference.kind === 'warehouse');
}

function datasetsBelow(
  model: Model,
  byName: ReadonlyMap<string, Model>,
  known: ReadonlyMap<Model, ReadonlySet<string>>,
  datasetOf: (name: string) => string | null,
): Set<string> {
  const below = referencesOf(model).flatMap(({ kind, name }) => {
    if (kind === 'staging') return [datasetOf(name) ?? name];
    const other = byName.get(name);
    return other === undefined ? [] : [...(known.get(other) ?? [])];
  });
  return new Set(below);
}

function components(ordered: readonly Model[], byName: ReadonlyMap<string, Model>): Model[][] {
  const group = new Map<Model, Set<Model>>();
  for (const model of ordered) {
    const joined = new Set([model]);
    for (const { name } of warehouseReferences(model)) {
      const other = byName.get(name);
      for (const member of (other && group.get(other)) ?? []) joined.add(member);
    }
    for (const member of joined) group.set(member, joined);
  }
  const distinct = [...new Set(group.values())];
  return distinct.map((members) => ordered.filter((model) => members.has(model)));
}
