import type { Pool } from 'pg';
import type { Settings } from '../../config/settings.ts';
import { toSluiceError } from '../../db/database-error.ts';
import { endWithProcess, inTransaction } from '../../db/transaction.ts';
import { SluiceError } from '../../errors.ts';
import { saveChecks } from '../../ledger/checks.ts';
import { readKnownModels, readStaging, registerModels, saveModelRun } from '../../ledger/models.ts';
import { identifierFrom, shortenWithHash } from '../../naming.ts';
import { stepDone } from '../../steps.ts';
import type { CheckResult } from '../checks/check-result.ts';
import { buildGroup, inputsOf } from './build-group.ts';
import { groupModels, type ModelGroup } from './graph.ts';
import type { Model } from './model.ts';
import { type ModelSettings, readModels } from './read-models.ts';
import { StagingTables } from './staging-tables.ts';
import type { ModelRun, TransformedModel } from './transformed.ts';

/** First half of the advisory-lock keys of models, the letters `slum`; the second is the model's id. */
const MODEL_SPACE = 1936488813;
/** The longest name a dataset has. */
const DATASET_BYTES = 48;

export type TransformTrigger = 'publish' | 'start' | 'schedule' | 'command';

export interface TransformOptions {
  readonly trigger: TransformTrigger;
  /** Made although they are up to date, with what depends on them. Null: all, by command. */
  readonly names: readonly string[] | null;
  /** From everything there is. */
  readonly whole: boolean;
  /** States that checks of severity `hold` keep back are taken. */
  readonly release?: boolean;
  readonly signal: AbortSignal;
  /** Told of each model that is being made, and of each whose making is rolled back because of something else. */
  onRun?(run: ModelRun): void;
}

export type TransformSettings = ModelSettings & Pick<Settings, 'dwSchema' | 'datasets'>;

/**
 * Brings the warehouse up to date. Each group of models is one transaction, and one process at a time works on it. A
 * group that fails stays as it was and does not keep the others.
 *
 * Throws before anything is run when a model, a reference or a name is wrong.
 */
export async function transform(
  pool: Pool,
  settings: TransformSettings,
  options: TransformOptions,
): Promise<TransformedModel[]> {
  const models = await readModels(settings);
  const declared = new Set(
    settings.datasets.map(({ name }) => shortenWithHash(identifierFrom(name), DATASET_BYTES)),
  );
  for (const model of models.filter(({ builtIn }) => builtIn)) {
    for (const { kind, name } of model.placeholders) if (kind === 'staging') declared.add(name);
  }
  const staging = new StagingTables(await readStaging(pool), declared);
  const groups = groupModels(models, (name) => staging.datasetOf(name));
  const unknown = options.names?.find((name) => !models.some((model) => model.name === name));
  if (unknown !== undefined) throw new SluiceError('MODEL_UNKNOWN', { model: unknown });
  const work = { pool, settings, options, declared };
  const results: TransformedModel[] = [];
  for (const group of groups) {
    const forced = forcedIn(group, staging, options);
    const isDue = forced.size > 0 || (isAutomatic(options) && (await isStale(work, group, staging)));
    if (isDue) results.push(...(await transformGroup(work, group, forced)));
  }
  return results;
}

interface Work {
  readonly pool: Pool;
  readonly settings: TransformSettings;
  readonly options: TransformOptions;
  readonly declared: ReadonlySet<string>;
}

function isAutomatic({ names, trigger }: TransformOptions): boolean {
  return names === null && (trigger === 'publish' || trigger === 'start');
}

/** The built-in example is not spoken of before its data has come. */
function forcedIn(
  group: ModelGroup,
  staging: StagingTables,
  { names, trigger }: TransformOptions,
): Set<string> {
  if (names !== null) {
    return new Set(group.models.map(({ name }) => name).filter((name) => names.includes(name)));
  }
  if (trigger !== 'command') return new Set();
  const shown = group.models.filter((model) => !model.builtIn || inputsOf(staging, group, model) !== null);
  return new Set(shown.map(({ name }) => name));
}

/** Asked without a lock: most publishes concern few groups. */
async function isStale(
  { pool, settings }: Work,
  group: ModelGroup,
  staging: StagingTables,
): Promise<boolean> {
  const known = new Map((await readKnownModels(pool, settings.dwSchema)).map((model) => [model.name, model]));
  return group.models.some((model) => {
    const inputs = inputsOf(staging, group, model);
    if (inputs === null || model.schedule !== null) return false;
    const before = known.get(model.name);
    if (before?.hash !== model.hash) return true;
    return Object.entries(inputs).some(([dataset, signature]) => before.inputs?.[dataset] !== signature);
  });
}

async function transformGroup(
  work: Work,
  group: ModelGroup,
  forced: ReadonlySet<string>,
): Promise<TransformedModel[]> {
  const { pool, settings, options, declared } = work;
  const { dwSchema } = settings;
  const { signal, trigger, whole } = options;
  const modelIds = await registerModels(pool, dwSchema, group.models);
  const startedAt = new Date();
  let current = group.models[0] as Model;
  const checked = new Map<Model, readonly CheckResult[]>();
  const begun = new Map<Model, ModelRun>();
  const onRun = (model: Model, run: ModelRun) => {
    begun.set(model, run);
    options.onRun?.(run);
  };
  const undo = (reason: string, spared: Model | null) => {
    for (const [model, run] of begun) if (model !== spared) options.onRun?.({ ...run, undone: reason });
  };
  const onModel = (model: Model) => {
    current = model;
  };
  try {
    const results = await holdingModels(pool, [...modelIds.values()], signal, () => {
      stepDone('models locked', current.name);
      return inTransaction(
        pool,
        async (client) => {
          await client.query('set transaction isolation level repeatable read');
          await endWithProcess(client);
          const holdsWaived = options.release ?? false;
          return buildGroup({
            ...{ client, group, modelIds, dwSchema, declared, forced, whole, trigger, onModel },
            ...{ checked, holdsWaived, onRun },
          });
        },
        { signal },
      );
    });
    stepDone('models committed', current.name);
    return results;
  } catch (failure) {
    const error = signal.aborted
      ? new SluiceError('TRANSFORM_STOPPED', {}, failure)
      : toSluiceError(failure, { table: current.name });
    const isOver = signal.aborted || error.kind === 'transient';
    undo(`${error.code}: ${error.message}`, isOver ? null : current);
    if (isOver) throw error;
    const modelId = modelIds.get(current.name) as number;
    await keepFindings(pool, current, checked.get(current) ?? []);
    const nothing = { inserted: 0, updated: 0, deleted: 0 };
    const failed = { modelId, trigger, whole, startedAt: begun.get(current)?.startedAt ?? startedAt, error };
    await saveModelRun(pool, { ...nothing, ...failed });
    return group.models.map((model) => notMade(model, model === current ? error : null, startedAt));
  }
}

/** What passed says nothing about the state that stands, which is the one before. */
async function keepFindings(pool: Pool, model: Model, found: readonly CheckResult[]): Promise<void> {
  const failing = found.filter(({ status }) => status !== 'passed');
  await saveChecks(pool, { kind: 'model', name: model.name, runId: null }, failing);
}

function notMade(model: Model, error: SluiceError | null, startedAt: Date): TransformedModel {
  return {
    ...{ model: model.name, materialized: model.materialized, whole: false, error },
    status: error === null ? 'skipped' : 'failed',
    ...{ rowsInserted: 0, rowsUpdated: 0, rowsDeleted: 0, warnings: [] },
    seconds: error === null ? 0 : (Date.now() - startedAt.getTime()) / 1000,
  };
}

/** The locks are the session's, so that the transaction's snapshot begins after they have been waited for. */
async function holdingModels<T>(
  pool: Pool,
  ids: readonly number[],
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let released = false;
  const release = (destroy: boolean) => {
    if (!released) client.release(destroy);
    released = true;
  };
  const onAbort = () => release(true);
  signal.addEventListener('abort', onAbort);
  try {
    signal.throwIfAborted();
    await client.query(
      `select pg_advisory_lock(${MODEL_SPACE}, id) from (select unnest($1::int[]) as id order by 1) m`,
      [ids],
    );
    const result = await work();
    if (!released) await client.query('select pg_advisory_unlock_all()');
    release(false);
    return result;
  } finally {
    signal.removeEventListener('abort', onAbort);
    release(true);
  }
}
