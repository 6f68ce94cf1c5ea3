import { toSluiceError } from '../db/database-error.ts';
import { safeText } from '../log/safe-text.ts';
import type { Application } from '../main.ts';
import { dropSegments } from '../pipelines/tables/segments.ts';
import type { ModelState } from '../pipelines/transform/model-states.ts';
import { planRetract, type RetractPlan } from '../pipelines/undo/plan-retract.ts';
import { resolveRun } from '../pipelines/undo/resolve-run.ts';
import { type Retracted, retractRun } from '../pipelines/undo/retract-run.ts';
import { type CommonOptions, finishTransforms, withApplication, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printModelStates, statesOfModels } from './model-states.ts';
import { printJson, printLine, printTable } from './output.ts';
import { untilSignalled, wasSignalled } from './signals.ts';
import { runTransform } from './transform.ts';

export interface RetractOptions extends CommonOptions {
  readonly plan?: boolean;
  readonly transform?: boolean;
}

/** `sluice retract RUN|FILE`: takes the rows of a published run out of staging again, exactly those. */
export function retract(what: string, options: RetractOptions): Promise<number> {
  return options.plan ? showPlan(what, options) : takeBack(what, options);
}

function takeBack(what: string, options: RetractOptions): Promise<number> {
  return withApplication(options, { applicationName: 'sluice retract' }, async (application) => {
    const { pool } = application.context;
    const run = await resolveRun(pool, what, (found) => found.status === 'published');
    const abort = new AbortController();
    const stop = { stop: async () => abort.abort(), abortNow: () => abort.abort() };
    let retracted: Retracted | null = null;
    const signalled = await untilSignalled(
      stop,
      retractRun(pool, run.runId, abort.signal).then((done) => {
        retracted = done;
      }),
    );
    if (retracted === null) return EXIT.failed;
    application.transforms.request();
    const { fileIds, datasets } = retracted as Retracted;
    await application.outcomes.writePending(fileIds);
    if (!options.json) printTable(['retracted from', 'rows', 'segments'], tableRows(retracted));
    await dropDetached(application, retracted);
    const { models, failed } = await bringModels(application, datasets, options.transform ?? false);
    if (options.json) printJson({ ...summary(retracted), models });
    else printModelStates('made of it', models);
    return signalled || failed || application.outcomes.delayed > 0 ? EXIT.failed : EXIT.ok;
  });
}

/** Models that follow by themselves do so before the command ends; the others when it is asked for. */
async function bringModels(
  application: Application,
  datasets: readonly string[],
  all: boolean,
): Promise<{ models: readonly ModelState[]; failed: boolean }> {
  const { pool } = application.context;
  const states = () => statesOfModels(pool, application.settings, datasets);
  if (!wasSignalled()) await finishTransforms(application);
  const models = await states();
  const stale = models.filter(({ status }) => status === 'stale').map(({ model }) => model);
  if (!all || stale.length === 0 || wasSignalled()) return { models, failed: all && stale.length > 0 };
  const results = await runTransform(application, stale, false);
  for (const { error } of results ?? [])
    if (error !== null)
      process.stderr.write(`${safeText(`${error.code}: ${error.message}`)}\n  ${error.remedy}\n`);
  const failed = results === null || results.some(({ status }) => status === 'failed');
  return { models: await states(), failed };
}

/** The rows are gone from view already; what cannot be dropped now, the next start drops. */
async function dropDetached({ context, log }: Application, { detached }: Retracted): Promise<void> {
  try {
    await dropSegments(context.pool, detached);
  } catch (thrown) {
    const { code, message } = toSluiceError(thrown);
    log.warn(`the disk of ${detached.length} segments is freed at the next start: ${code}: ${message}`);
  }
}

function showPlan(what: string, options: RetractOptions): Promise<number> {
  return withLedger(options, async ({ pool }, { settings }) => {
    const run = await resolveRun(pool, what, (found) => found.status === 'published');
    const plan = await planRetract(pool, run);
    const models = await statesOfModels(pool, settings, plan.datasets);
    if (options.json)
      printJson({ ...summary(plan), corrections: plan.corrections, dependents: plan.dependents, models });
    else printPlan(plan);
    if (!options.json) printModelStates('made of it', models);
    return EXIT.ok;
  });
}

function printPlan(plan: RetractPlan): void {
  const { run, corrections, dependents } = plan;
  printLine(`run ${run.runId} of ${run.path}; nothing is changed`);
  printTable(['would be removed from', 'rows', 'segments'], tableRows(plan));
  if (corrections.length > 0) printLine(`with its corrections: ${corrections.join(', ')}`);
  if (dependents.length === 0) return;
  printLine('');
  printTable(
    ['depends on it', 'table', 'effect'],
    dependents.map(({ name, table, effect }) => [name, table, effect]),
  );
}

type Summarised = Pick<RetractPlan, 'run' | 'tables'>;

function summary({ run, tables }: Summarised) {
  const { runId, fileName, path } = run;
  return { runId, fileName, path, rows: tables.reduce((sum, table) => sum + table.rows, 0), tables };
}

function tableRows({ tables }: Summarised): unknown[][] {
  return tables.map(({ table, rows, segments }) => [table, rows, segments]);
}
