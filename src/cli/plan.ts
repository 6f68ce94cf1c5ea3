import type { Pool } from 'pg';
import { HANDLERS } from '../main.ts';
import { FamiliarFiles } from '../pipelines/familiar-files.ts';
import type { IdentifiedEntry, IdentifiedFile } from '../pipelines/identify/identified.ts';
import type { LayoutChange, LoadPlan } from '../pipelines/plan/run-plan.ts';
import { planFile } from '../pipelines/run-pipeline.ts';
import { costsOf } from '../pipelines/tables/rewrite-cost.ts';
import { type CommonOptions, withDatabase } from './command.ts';
import { EXIT } from './exit-code.ts';
import { arrivalOf } from './load.ts';
import { printJson, printLine, printTable } from './output.ts';
import { type Costs, changeLines, contractLine } from './plan-changes.ts';

/** `sluice plan FILE`: what loading the file would do, and why. Writes nothing. */
export function plan(file: string, options: CommonOptions): Promise<number> {
  return withDatabase(options, async (database, { settings }) => {
    const arrival = arrivalOf(file);
    const familiar = new FamiliarFiles(HANDLERS, settings);
    const context = { pool: database.pool, settings, handlers: HANDLERS, familiar, lanes: 1 };
    const planned = await planFile(context, {
      ...{ ...arrival, fileId: 0, attempts: 0 },
      ...{ replaysRunId: null, redelivery: null, checksWaived: false, feed: null },
    });
    const { failed, skipped, notes } = planned.identified;
    if (options.json) {
      printJson({
        ...planned.plan,
        ...(failed.length > 0 && {
          failedEntries: failed.map(({ entryName: entry, error: { code, message } }) => ({
            entry,
            code,
            message,
          })),
        }),
        ...(skipped.length > 0 && {
          skippedEntries: skipped.map(({ name: entry, reason }) => ({ entry, reason })),
        }),
        ...(notes.length > 0 && { notes: notes.map(({ name: entry, reason }) => ({ entry, reason })) }),
        jobs: await jobsAsJson(database.pool, planned.plan.jobs, planned.identified.entries),
      });
      return EXIT.ok;
    }
    await printJobs(database.pool, planned.plan.jobs, planned.identified.entries);
    printOthers(planned.identified);
    return EXIT.ok;
  });
}

export async function jobsAsJson(pool: Pool, jobs: readonly LoadPlan[], entries: readonly IdentifiedEntry[]) {
  const shown = [];
  for (const [at, job] of jobs.entries()) {
    const costs = await costsOf(pool, job);
    const changes = job.changes.map((change) => withCost(change, costs));
    shown.push({ ...job, changes, preview: previewOf(entries[at] as IdentifiedEntry) });
  }
  return shown;
}

export async function printJobs(
  pool: Pool,
  jobs: readonly LoadPlan[],
  entries: readonly IdentifiedEntry[],
): Promise<void> {
  for (const [at, job] of jobs.entries())
    printJob(job, entries[at] as IdentifiedEntry, await costsOf(pool, job));
}

/** Entries of an archive that would not be loaded, and what is to be known of others. */
function printOthers({ failed, skipped, notes }: IdentifiedFile): void {
  for (const { entryName, error } of failed)
    printLine(`bad entry ${entryName}: ${error.code}: ${error.message}`);
  for (const { name, reason } of skipped) printLine(`passed over ${name}: ${reason}`);
  for (const { name, reason } of notes) printLine(`note on ${name}: ${reason}`);
}

function withCost(change: LayoutChange, costs: Costs) {
  const cost = costs.find((one) => one.change === change)?.cost ?? null;
  return cost === null ? change : { ...change, cost };
}

function printJob(job: LoadPlan, entry: IdentifiedEntry, costs: Costs): void {
  printLine(`file     ${job.title}`);
  printLine(`dataset  ${job.dataset}${job.derived ? ' (from the file name)' : ' (configured)'}`);
  if (job.businessDate !== null) printLine(`date     ${job.businessDate}`);
  if (job.folder !== null) printLine(`folder   ${job.folder}`);
  if (job.label !== null) printLine(`label    ${job.label}`);
  printLine(`parent   ${job.parent.schema}.${job.parent.name}${job.datasetId === null ? ' (new)' : ''}`);
  printLine(`version  ${job.version.schema}.${job.version.name}${job.versionId === null ? ' (new)' : ''}`);
  printLine(`contract ${contractLine(job)}`);
  printLine('\ndialect');
  const reasons: Readonly<Record<string, string>> = entry.detected.reasons;
  for (const [part, reason] of Object.entries(reasons)) {
    printLine(`  ${part.padEnd(10)} ${dialectPart(job, part).padEnd(14)} ${reason}`);
  }
  printLine('\ncolumns');
  printTable(
    ['  #', 'column', 'type', 'origin', 'name in the file', 'why'],
    job.columns.map((column, at) => [
      at + 1,
      column.name,
      column.discarded ? '(discarded)' : column.type,
      column.origin,
      column.original,
      column.why,
    ]),
  );
  printLine('\nchanges');
  for (const line of changeLines(job, costs)) printLine(`  ${line}`);
  if (job.changes.length === 0) printLine('  none');
  printLine('\nDDL');
  for (const statement of job.ddl) printLine(`  ${statement};`);
  if (job.ddl.length === 0) printLine('  none');
  printLine('\nfirst rows');
  printTable(
    job.columns.map((column) => column.name),
    previewOf(entry),
  );
}

function dialectPart(job: LoadPlan, part: string): string {
  if (part === 'preamble') return `${job.dialect.preambleLines} lines`;
  const value: unknown = Reflect.get(job.dialect, part);
  return JSON.stringify(value) ?? '';
}

/** The first records, NULL as null. */
function previewOf(entry: IdentifiedEntry): (string | null)[][] {
  const { nullMarker } = entry.detected.dialect;
  return entry.preview.map((record) =>
    record.map(({ value, quoted }) => (!quoted && value === nullMarker ? null : value)),
  );
}
