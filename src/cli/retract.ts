import { toSluiceError } from '../db/database-error.ts';
import type { Application } from '../main.ts';
import { dropSegments } from '../pipelines/tables/segments.ts';
import { planRetract, type RetractPlan } from '../pipelines/undo/plan-retract.ts';
import { resolveRun } from '../pipelines/undo/resolve-run.ts';
import { type Retracted, retractRun } from '../pipelines/undo/retract-run.ts';
import { type CommonOptions, withApplication, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printJson, printLine, printTable } from './output.ts';
import { untilSignalled } from './signals.ts';

export interface RetractOptions extends CommonOptions {
  readonly plan?: boolean;
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
    await application.outcomes.writePending((retracted as Retracted).fileIds);
    print(retracted, options.json ?? false);
    await dropDetached(application, retracted);
    return signalled || application.outcomes.delayed > 0 ? EXIT.failed : EXIT.ok;
  });
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
  return withLedger(options, async ({ pool }) => {
    const run = await resolveRun(pool, what, (found) => found.status === 'published');
    const plan = await planRetract(pool, run);
    if (options.json)
      printJson({ ...summary(plan), corrections: plan.corrections, dependents: plan.dependents });
    else printPlan(plan);
    return EXIT.ok;
  });
}

function print(retracted: Retracted, json: boolean): void {
  if (json) printJson(summary(retracted));
  else printTable(['retracted from', 'rows', 'segments'], tableRows(retracted));
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
