import type { Pool, PoolClient } from 'pg';
import { qualified } from '../../db/identifiers.ts';
import { inTransaction } from '../../db/transaction.ts';
import { SluiceError } from '../../errors.ts';
import { previousState, saveChecks } from '../../ledger/checks.ts';
import { readStaging } from '../../ledger/models.ts';
import { type CheckResult, reasonOf, stopping } from '../checks/check-result.ts';
import { evaluateChecks } from '../checks/evaluate-checks.ts';
import { columnsOf } from './build/build-context.ts';
import type { Model } from './model.ts';
import { type ModelSettings, readModels } from './read-models.ts';
import { StagingTables } from './staging-tables.ts';

export interface ModelsChecked {
  readonly client: PoolClient;
  readonly dwSchema: string;
  readonly staging: StagingTables;
  /** Checks of severity `hold` only warn. */
  readonly holdsWaived: boolean;
}

/** Evaluates the checks of a model on its table or view as the transaction at hand sees it. */
export async function checkModel(context: ModelsChecked, model: Model): Promise<CheckResult[]> {
  const { client, dwSchema, staging, holdsWaived } = context;
  if (model.checks.length === 0) return [];
  const relation = qualified(dwSchema, model.name);
  const relationOf = (kind: 'staging' | 'warehouse', name: string): string => {
    if (kind === 'warehouse') return qualified(dwSchema, name);
    const dataset = staging.get(staging.datasetOf(name) ?? name);
    if (dataset === null) throw new Error(`nothing of staging.${name} has been published`);
    return qualified(dataset.schema, name === dataset.name ? dataset.parent : name);
  };
  return evaluateChecks(
    {
      ...{ client, holdsWaived, relationOf },
      source: `select * from ${relation}`,
      columns: new Set((await columnsOf(client, relation)).map(({ name }) => name)),
      columnOf: (name) => name,
      // Their rows are all there are.
      publishedRows: async () => null,
      previousRows: () => previousState(client, model.name),
    },
    model.checks.map(({ config }) => config),
  );
}

/** Evaluates the checks of models as they are now, changing nothing but the ledger; of those that have been made. */
export async function checkModels(
  pool: Pool,
  settings: ModelSettings & { readonly dwSchema: string },
  wanted: (model: string) => boolean,
): Promise<CheckResult[]> {
  const { dwSchema } = settings;
  const models = (await readModels(settings)).filter(({ name, checks }) => wanted(name) && checks.length > 0);
  const staging = new StagingTables(await readStaging(pool), new Set());
  const results: CheckResult[] = [];
  for (const model of models) {
    const found = await inTransaction(pool, async (client) => {
      if ((await columnsOf(client, qualified(dwSchema, model.name))).length === 0) return [];
      return checkModel({ client, dwSchema, staging, holdsWaived: false }, model);
    });
    await saveChecks(pool, { kind: 'model', name: model.name, runId: null }, found);
    results.push(...found);
  }
  return results;
}

/** The error of a model that does not pass; null when it does. */
export function refusalOf(model: Model, results: readonly CheckResult[]): SluiceError | null {
  const [worst] = stopping(results);
  if (worst === undefined) return null;
  const code = worst.status === 'failed' ? 'MODEL_CHECK_FAILED' : 'MODEL_CHECK_HELD';
  const at = results.indexOf(worst);
  const { file, checks, name } = model;
  return new SluiceError(code, {
    ...{ model: name, file, line: checks[at]?.line ?? 1, check: worst.name },
    reason: reasonOf(stopping(results)),
  });
}

/** What only warns, in words. */
export function warningsOf(results: readonly CheckResult[]): string[] {
  return results
    .filter(({ status }) => status === 'warned')
    .map(({ name, message }) => `${name}: ${message}`);
}
