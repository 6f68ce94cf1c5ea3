import type { Pool, PoolClient } from 'pg';
import type { CheckConfig } from '../../config/define-checks.ts';
import { qualified, quoteIdentifier } from '../../db/identifiers.ts';
import { inTransaction } from '../../db/transaction.ts';
import { SluiceError } from '../../errors.ts';
import { previousDelivery, saveChecks } from '../../ledger/checks.ts';
import { identifierFrom } from '../../naming.ts';
import { type CheckResult, reasonOf, stopping } from '../checks/check-result.ts';
import { evaluateChecks } from '../checks/evaluate-checks.ts';
import type { PublishInput, RunJob } from './publish-run.ts';

/** A load job that is not to be published, and why. */
export interface RefusedJob {
  readonly jobNumber: number;
  readonly reason: SluiceError;
}

/** How the checks of a run came out, by dataset. What is found is kept also when the transaction is not. */
export class RunChecks {
  private readonly results = new Map<string, readonly CheckResult[]>();

  constructor(private readonly dwSchema: string) {}

  /** Before the publish transaction, so that nothing is locked meanwhile: datasets whose rows are all in segments. */
  async checkSegments(pool: Pool, input: PublishInput): Promise<RefusedJob[]> {
    const refused: RefusedJob[] = [];
    for (const jobs of checkedJobs(input.jobs)) {
      if (!jobs.every(isInSegments)) continue;
      const { signal } = input;
      refused.push(...(await inTransaction(pool, (client) => this.check(client, input, jobs), { signal })));
    }
    return refused;
  }

  /** Inside the publish transaction: datasets of which it has copied rows. */
  async checkCopied(client: PoolClient, input: PublishInput): Promise<RefusedJob[]> {
    const refused: RefusedJob[] = [];
    for (const jobs of checkedJobs(input.jobs)) {
      if (!jobs.every(isInSegments)) refused.push(...(await this.check(client, input, jobs)));
    }
    return refused;
  }

  async save(client: Pool | PoolClient, runId: number): Promise<void> {
    for (const [name, results] of this.results) {
      await saveChecks(client, { kind: 'dataset', name, runId }, results);
    }
  }

  private async check(
    client: PoolClient,
    input: PublishInput,
    jobs: readonly RunJob[],
  ): Promise<RefusedJob[]> {
    const { file, run } = input;
    const plan = (jobs[0] as RunJob).plan;
    const columns = new Set(['_run_id', '_row', ...jobs.flatMap((job) => columnsOf(job))]);
    const schemas = { staging: plan.parent.schema, warehouse: this.dwSchema };
    const results = await evaluateChecks(
      {
        client,
        columns,
        source: rowsOf(jobs, [...columns], run.runId),
        columnOf: (name) => (columns.has(name) ? name : identifierFrom(name)),
        relationOf: (kind, name) => qualified(schemas[kind], name),
        previousRows: () => previousDelivery(client, plan.dataset, run.runId, file.label),
        holdsWaived: file.checksWaived,
      },
      checksOf(jobs),
    );
    this.results.set(plan.dataset, results);
    const [worst] = stopping(results);
    if (worst === undefined) return [];
    const code = worst.status === 'failed' ? 'CHECK_FAILED' : 'CHECK_HELD';
    const facts = { dataset: plan.dataset, check: worst.name, reason: reasonOf(stopping(results)) };
    return jobs.map((job) => ({
      jobNumber: job.plan.jobNumber,
      reason: new SluiceError(code, { file: job.plan.title, ...facts }),
    }));
  }
}

/** Jobs that have checks and rows, by dataset: what has to hold has to hold of all that a file brings into it. */
function checkedJobs(jobs: readonly RunJob[]): RunJob[][] {
  const byDataset = new Map<string, RunJob[]>();
  for (const job of jobs) {
    if (job.checks.length === 0 || job.plan.isSkipped) continue;
    byDataset.set(job.plan.dataset, [...(byDataset.get(job.plan.dataset) ?? []), job]);
  }
  return [...byDataset.values()];
}

/** A correction adds a few rows to a delivery: how many they are says nothing. */
function checksOf([first]: readonly RunJob[]): readonly CheckConfig[] {
  const checks = first?.checks ?? [];
  return first?.plan.correction === null ? checks : checks.filter(({ check }) => check !== 'row_count');
}

function isInSegments({ loaded }: RunJob): boolean {
  return loaded.blocks.length === 0 && loaded.segments.length > 0;
}

function columnsOf({ plan }: RunJob): string[] {
  return plan.tableColumns.map(({ name }) => name);
}

/** The rows of some jobs: those in segments, and those that were copied into a version table. */
function rowsOf(jobs: readonly RunJob[], columns: readonly string[], runId: number): string {
  const parts = jobs.flatMap((job) => {
    const { plan, loaded } = job;
    const there = new Set(['_run_id', '_row', ...columnsOf(job)]);
    const list = columns
      .map((name) => (there.has(name) ? quoteIdentifier(name) : `null as ${quoteIdentifier(name)}`))
      .join(', ');
    const select = (schema: string, name: string) => `select ${list} from only ${qualified(schema, name)}`;
    const run = plan.correction?.runId ?? runId;
    return [
      ...loaded.segments.map(({ schema, name }) => select(schema, name)),
      ...(isInSegments(job)
        ? []
        : [`${select(plan.version.schema, plan.version.name)} where _run_id = ${run}`]),
    ];
  });
  return [...new Set(parts)].join(' union all ');
}
