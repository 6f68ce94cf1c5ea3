import type { PoolClient } from 'pg';
import { qualified } from '../../db/identifiers.ts';
import { SluiceError } from '../../errors.ts';
import { saveChecks } from '../../ledger/checks.ts';
import { makeDeliveries, type RunHorizon, readHorizon } from '../../ledger/model-inputs.ts';
import {
  type KnownModel,
  readKnownModels,
  readStaging,
  saveBuiltState,
  saveInputs,
  saveModelRun,
} from '../../ledger/models.ts';
import { stepDone } from '../../steps.ts';
import type { CheckResult } from '../checks/check-result.ts';
import { BASE_ROWS, copyBase } from './base/copy-base.ts';
import { type BuildContext, columnsOf, NO_CHANGES } from './build/build-context.ts';
import { buildDimension } from './build/build-dimension.ts';
import { buildKeyed } from './build/build-keyed.ts';
import { type Built, buildIncremental, buildTable } from './build/build-table.ts';
import { buildView } from './build/build-view.ts';
import { dropDependents } from './build/dependents.ts';
import { bringForeignKeys, lostReferences } from './build/foreign-keys.ts';
import { checkModel, refusalOf, warningsOf } from './check-models.ts';
import type { ModelGroup } from './graph.ts';
import { followsRunsAs, type Model, referencesOf } from './model.ts';
import { StagingTables } from './staging-tables.ts';
import { modelError } from './statement.ts';
import type { ModelRun, TransformedModel } from './transformed.ts';

export interface GroupBuild {
  readonly client: PoolClient;
  readonly group: ModelGroup;
  readonly modelIds: ReadonlyMap<string, number>;
  readonly dwSchema: string;
  /** Names of datasets that are known before anything of them is published. */
  readonly declared: ReadonlySet<string>;
  /** Models that are made although they are up to date. */
  readonly forced: ReadonlySet<string>;
  /** The forced ones are made from everything there is. */
  readonly whole: boolean;
  readonly trigger: string;
  /** Checks of severity `hold` only warn. */
  readonly holdsWaived: boolean;
  /** How the checks come out; kept by the caller when all else is rolled back. */
  readonly checked: Map<Model, readonly CheckResult[]>;
  /** Called before a model is looked at. */
  onModel(model: Model): void;
  /** Called before a model is made. */
  onRun(model: Model, run: ModelRun): void;
}

/** What the models of a group share while they are made. */
interface Shared extends GroupBuild {
  readonly staging: StagingTables;
  readonly known: ReadonlyMap<string, KnownModel>;
  readonly horizon: RunHorizon;
  readonly grants: Map<string, readonly string[]>;
  /** Views that had to go because of what they read. */
  readonly dropped: Set<string>;
  /** Models whose rows or columns changed. */
  readonly changed: Set<string>;
  /** Models whose definition changed. */
  readonly redefined: Set<string>;
  /** Models that cannot be made yet. */
  readonly waiting: Set<string>;
  /** Models that may say something else now. */
  readonly touched: Set<string>;
}

/**
 * Brings the models of a group up to date, inside one REPEATABLE READ transaction whose snapshot begins here: all of
 * them see the same runs. What fails says which model; the caller rolls back, and the former state stands.
 */
export async function buildGroup(input: GroupBuild): Promise<TransformedModel[]> {
  const { client, group, dwSchema } = input;
  const known = await readKnownModels(client, dwSchema);
  const shared: Shared = {
    ...input,
    staging: new StagingTables(await readStaging(client), input.declared),
    known: new Map(known.map((model) => [model.name, model])),
    horizon: await readHorizon(client),
    ...{ grants: new Map(), dropped: new Set(), changed: new Set() },
    ...{ redefined: new Set(), waiting: new Set(), touched: new Set() },
  };
  // Asked for by these alone; making it takes as long as taking a small file in.
  const ranked = group.models.filter(({ materialized }) => ['merge', 'scd2'].includes(materialized));
  if (ranked.length > 0) await makeDeliveries(client, datasetIdsOf(shared, ranked));
  const results: TransformedModel[] = [];
  const built: BuildContext[] = [];
  for (const model of group.models) {
    input.onModel(model);
    const context = contextFor(shared, model);
    const result = await bringUpToDate(shared, context);
    results.push(result);
    stepDone('model recorded', model.name);
    if (result.status === 'built' && model.materialized !== 'view') built.push(context);
  }
  // A table that was made anew has lost the keys of models that did not change.
  const tables = group.models.filter(({ materialized }) => materialized !== 'view');
  for (const model of built.length === 0 ? [] : tables) {
    const isThere = results.find((result) => result.model === model.name)?.status !== 'waiting';
    if (isThere) input.onModel(model);
    if (isThere) await bringForeignKeys(contextFor(shared, model));
  }
  await refuseLostRows(shared, results);
  await checkForeignKeys(shared);
  const checked = await checkRows(shared, results);
  stepDone('models checked', group.models[0]?.name ?? '');
  return checked;
}

/** What does not pass takes the whole group with it; all of it is found out first. */
async function checkRows(shared: Shared, results: readonly TransformedModel[]): Promise<TransformedModel[]> {
  const { client, group, checked, touched, onModel } = shared;
  for (const model of group.models.filter(({ name }) => touched.has(name))) {
    onModel(model);
    checked.set(model, await checkModel(shared, model));
  }
  for (const [model, found] of checked) {
    const refusal = refusalOf(model, found);
    if (refusal !== null) onModel(model);
    if (refusal !== null) throw refusal;
    await saveChecks(client, { kind: 'model', name: model.name, runId: null }, found);
  }
  const warnings = new Map([...checked].map(([model, found]) => [model.name, warningsOf(found)]));
  return results.map((result) => ({ ...result, warnings: warnings.get(result.model) ?? [] }));
}

/** Rows that went out of base data and are referred to: Postgres would speak of a constraint, and of one row. */
async function refuseLostRows(shared: Shared, results: readonly TransformedModel[]): Promise<void> {
  const { client, dwSchema, group, onModel } = shared;
  const lessened = results.filter(({ rowsDeleted, rowsUpdated }) => rowsDeleted + rowsUpdated > 0);
  const bases = group.models.filter(
    ({ isBase, name }) => isBase && lessened.some((one) => one.model === name),
  );
  for (const base of bases) {
    for (const { model, column, values } of await lostReferences(client, dwSchema, base, group.models)) {
      onModel(base);
      throw new SluiceError('BASE_ROW_IN_USE', { file: base.file, model, column, values });
    }
  }
}

/** Deferred until now, so that it is known whose foreign key is broken. */
async function checkForeignKeys({ client, group, onModel }: Shared): Promise<void> {
  try {
    await client.query('set constraints all immediate');
  } catch (error) {
    const table: unknown = Reflect.get(error as object, 'table');
    const model = group.models.find(({ name }) => name === table);
    if (model !== undefined) onModel(model);
    throw model === undefined ? error : modelError(error, { model }, 'its foreign keys');
  }
}

function contextFor(shared: Shared, model: Model): BuildContext {
  const { client, dwSchema, staging, horizon, grants, group } = shared;
  const views = group.models.filter(({ materialized }) => materialized === 'view').map(({ name }) => name);
  return {
    ...{ client, model, dwSchema, staging, horizon, grants },
    modelId: shared.modelIds.get(model.name) ?? 0,
    known: shared.known.get(model.name) ?? null,
    datasetIds: datasetIdsOf(shared, [model]),
    whole: mustBeWhole(shared, model),
    dropDependents: async (relation) => {
      for (const view of await dropDependents(client, relation, dwSchema, views)) {
        shared.dropped.add(view.name);
        grants.set(view.relation, view.grants);
      }
    },
  };
}

/** Only what follows runs can be made from less than everything. */
function mustBeWhole(shared: Shared, model: Model): boolean {
  if (!followsRunsAs(model.materialized)) return true;
  const known = shared.known.get(model.name);
  const forced = shared.whole && shared.forced.has(model.name);
  const below = referencesOf(model).some(
    ({ kind, name }) => kind === 'warehouse' && shared.redefined.has(name),
  );
  return forced || below || known?.hash !== model.hash;
}

function datasetIdsOf(
  { staging, group }: Pick<Shared, 'staging' | 'group'>,
  models: readonly Model[],
): number[] {
  const names = new Set(models.flatMap((model) => [...(group.datasets.get(model) ?? [])]));
  return [...names].flatMap((name) => staging.get(name)?.datasetId ?? []);
}

/** Signatures of the datasets below a model; null while nothing of one of them has been published. */
export function inputsOf(
  staging: StagingTables,
  group: ModelGroup,
  model: Model,
): Record<string, string> | null {
  const inputs: Record<string, string> = {};
  for (const name of [...(group.datasets.get(model) ?? [])].sort()) {
    const dataset = staging.get(name);
    if (dataset === null) return null;
    inputs[name] = dataset.signature;
  }
  return inputs;
}

async function bringUpToDate(shared: Shared, context: BuildContext): Promise<TransformedModel> {
  const { client, model, modelId } = context;
  const started = performance.now();
  const startedAt = new Date();
  const inputs = inputsOf(shared.staging, shared.group, model);
  const need = inputs === null ? 'wait' : await needOf(shared, context, inputs);
  if (inputs === null || need === 'wait') {
    shared.waiting.add(model.name);
    return resultOf(model, 'waiting', null, started);
  }
  if (need !== 'nothing') shared.touched.add(model.name);
  if (need === 'inputs') await saveInputs(client, modelId, inputs);
  if (need !== 'build') return resultOf(model, 'unchanged', null, started);
  shared.onRun(model, runOf(shared, model, startedAt, Object.keys(inputs)));
  if (context.known?.hash !== model.hash) shared.redefined.add(model.name);
  if (model.base !== null) await copyBase(client, model.base);
  const built = await BUILDERS[model.materialized](context);
  if (model.base !== null) await client.query(`drop table ${BASE_ROWS}`);
  stepDone('model made', model.name);
  const { inserted, updated, deleted } = built.changes;
  if (inserted + updated + deleted > 0 || shared.redefined.has(model.name)) shared.changed.add(model.name);
  const { materialized, file, hash } = model;
  await saveBuiltState(client, { modelId, materialized, file, hash, columns: built.columns, inputs });
  const { trigger } = shared;
  const { whole } = built;
  await saveModelRun(client, { modelId, trigger, whole, inserted, updated, deleted, startedAt, error: null });
  return resultOf(model, 'built', built, started);
}

function runOf(
  { dwSchema, staging }: Shared,
  { name }: Model,
  startedAt: Date,
  datasets: readonly string[],
): ModelRun {
  const inputs = datasets.flatMap((dataset) => staging.get(dataset) ?? []);
  return {
    ...{ table: `${dwSchema}.${name}`, startedAt, undone: null },
    inputs: inputs.map(({ schema, parent }) => `${schema}.${parent}`),
  };
}

const BUILDERS = {
  view: async (context: BuildContext): Promise<Built> => ({ ...(await buildView(context)), whole: true }),
  table: buildTable,
  incremental: buildIncremental,
  merge: buildKeyed,
  scd2: buildKeyed,
  dimension: buildDimension,
};

/** A view is up to date whatever happens to the rows; only its inputs are noted. */
async function needOf(
  shared: Shared,
  { client, model, known, dwSchema }: BuildContext,
  inputs: Readonly<Record<string, string>>,
): Promise<'build' | 'inputs' | 'nothing' | 'wait'> {
  const warehouse = referencesOf(model).filter(({ kind }) => kind === 'warehouse');
  if (warehouse.some(({ name }) => shared.waiting.has(name))) return 'wait';
  const isThere = (await columnsOf(client, qualified(dwSchema, model.name))).length > 0;
  const isHeldBack = model.schedule !== null && ['publish', 'start'].includes(shared.trigger);
  if (isHeldBack && !shared.dropped.has(model.name)) return isThere ? 'nothing' : 'wait';
  if (shared.forced.has(model.name) || shared.dropped.has(model.name)) return 'build';
  if (known?.hash !== model.hash) return 'build';
  if (!isThere) return 'build';
  const sameInputs = JSON.stringify(known.inputs && sorted(known.inputs)) === JSON.stringify(inputs);
  if (model.materialized === 'view') return sameInputs ? 'nothing' : 'inputs';
  return warehouse.some(({ name }) => shared.changed.has(name)) || !sameInputs ? 'build' : 'nothing';
}

function sorted(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function resultOf(
  model: Model,
  status: TransformedModel['status'],
  built: Built | null,
  started: number,
): TransformedModel {
  const { inserted, updated, deleted } = built?.changes ?? NO_CHANGES;
  return {
    ...{ model: model.name, materialized: model.materialized, status, whole: built?.whole ?? false },
    ...{ rowsInserted: inserted, rowsUpdated: updated, rowsDeleted: deleted },
    warnings: [],
    seconds: Math.round(performance.now() - started) / 1000,
    error: null,
  };
}
