import type { Pool, PoolClient } from 'pg';
import type { CheckConfig } from '../../config/define-checks.ts';
import { qualified, quoteIdentifier } from '../../db/identifiers.ts';
import { inTransaction } from '../../db/transaction.ts';
import { SluiceError } from '../../errors.ts';
import { previousDelivery, saveChecks } from '../../ledger/checks.ts';
import { datasetSignature } from '../../ledger/models.ts';
import { identifierFrom } from '../../naming.ts';
import { type CheckResult, reasonOf, stopping } from '../checks/check-result.ts';
import { evaluateChecks } from '../checks/evaluate-checks.ts';
import type { PublishInput, RunJob } from './publish-run.ts';
import { rowsBeside, runsThatGo } from './published-beside.ts';

/** Stands for what a dataset is like that is not there yet. */
const NO_DATASET = '';

/** A load job that is not to be published, and why. */
export interface RefusedJob {
  readonly jobNumber: number;
  readonly reason: SluiceError;
}

/** How the checks of a run came out, by dataset. What is found is kept also when the transaction is not. */
export class RunChecks {
  private readonly results = new Map<string, readonly CheckResult[]>();
  /** What the datasets were like when rows in segments were compared with theirs; null: that has to be done once more. */
  private readonly compared = new Map<string, string | null>();
  private readonly again = new Set<string>();

  constructor(private readonly dwSchema: string) {}

  /** Before the publish transaction, so that nothing is locked meanwhile: datasets whose rows are all in segments. */
  async checkSegments(pool: Pool, input: PublishInput): Promise<RefusedJob[]> {
    const refused: RefusedJob[] = [];
    for (const jobs of checkedJobs(input.jobs)) {
      if (!jobs.every(isInSegments)) continue;
      const { signal } = input;
      const check = async (client: PoolClient) => this.checkBefore(client, input, jobs);
      refused.push(...(await inTransaction(pool, check, { signal })));
    }
    return refused;
  }

  /** Inside the publish transaction, before anything is changed: has what the rows were compared with become another? */
  async lookAgain(client: PoolClient, jobs: readonly RunJob[]): Promise<void> {
    this.again.clear();
    for (const [dataset, before] of this.compared) {
      const now = jobs.some(({ plan }) => plan.dataset === dataset)
        ? ((await datasetSignature(client, dataset)) ?? NO_DATASET)
        : before;
      if (before === null || now !== before) this.again.add(dataset);
    }
  }

  /** Inside the publish transaction: datasets of which it has copied rows, or whose rows others have come beside. */
  async checkCopied(client: PoolClient, input: PublishInput): Promise<RefusedJob[]> {
    const refused: RefusedJob[] = [];
    for (const jobs of checkedJobs(input.jobs)) {
      const { dataset } = (jobs[0] as RunJob).plan;
      const isAgain = this.again.has(dataset);
      if (jobs.every(isInSegments) && !isAgain) continue;
      const source = isAgain ? visibleRowsOf : rowsOf;
      refused.push(...(await this.check(client, input, jobs, { source, without: [] })));
    }
    return refused;
  }

  async save(client: Pool | PoolClient, runId: number): Promise<void> {
    for (const [name, results] of this.results) {
      await saveChecks(client, { kind: 'dataset', name, runId }, results);
    }
  }

  private async checkBefore(
    client: PoolClient,
    input: PublishInput,
    jobs: readonly RunJob[],
  ): Promise<RefusedJob[]> {
    const { dataset } = (jobs[0] as RunJob).plan;
    const signature = (await datasetSignature(client, dataset)) ?? NO_DATASET;
    const { runs, isExact } = await runsThatGo(client, input, dataset);
    if (jobs.some(({ checks }) => checks.some(looksBeside))) {
      this.compared.set(dataset, isExact ? signature : null);
    }
    return this.check(client, input, jobs, { source: rowsOf, without: runs });
  }

  /** `without` are published runs that do not count; those that are superseded have gone when it is done inside the transaction. */
  private async check(
    client: PoolClient,
    input: PublishInput,
    jobs: readonly RunJob[],
    { source, without }: { source: typeof rowsOf; without: readonly number[] },
  ): Promise<RefusedJob[]> {
    const { file, run } = input;
    const plan = (jobs[0] as RunJob).plan;
    const columns = new Set(['_run_id', '_row', ...jobs.flatMap((job) => columnsOf(job))]);
    const schemas = { staging: plan.parent.schema, warehouse: this.dwSchema };
    const results = await evaluateChecks(
      {
        client,
        columns,
        source: source(jobs, [...columns], run.runId),
        columnOf: (name) => (columns.has(name) ? name : identifierFrom(name)),
        relationOf: (kind, name) => qualified(schemas[kind], name),
        publishedRows: (names) => rowsBeside(client, plan, names, [...ownRuns(jobs, run.runId), ...without]),
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

function looksBeside(config: CheckConfig): boolean {
  return config.check === 'unique' && config.within !== 'delivery';
}

function ownRuns(jobs: readonly RunJob[], runId: number): number[] {
  return [...new Set(jobs.map(({ plan }) => plan.correction?.runId ?? runId))];
}

function isInSegments({ loaded }: RunJob): boolean {
  return loaded.blocks.length === 0 && loaded.segments.length > 0;
}

function columnsOf({ plan }: RunJob): string[] {
  return plan.tableColumns.map(({ name }) => name);
}

/** The rows of some jobs once they are all in their version tables, or below. */
function visibleRowsOf(jobs: readonly RunJob[], columns: readonly string[], runId: number): string {
  const parts = jobs.map((job) => {
    const there = new Set(['_run_id', '_row', ...columnsOf(job)]);
    const { plan } = job;
    const from = `from ${qualified(plan.version.schema, plan.version.name)}`;
    return `select ${listOf(columns, there)} ${from} where _run_id = ${plan.correction?.runId ?? runId}`;
  });
  return [...new Set(parts)].join(' union all ');
}

function listOf(columns: readonly string[], there: ReadonlySet<string>): string {
  return columns
    .map((name) => (there.has(name) ? quoteIdentifier(name) : `null as ${quoteIdentifier(name)}`))
    .join(', ');
}

/** The rows of some jobs: those in segments, and those that were copied into a version table. */
function rowsOf(jobs: readonly RunJob[], columns: readonly string[], runId: number): string {
  const parts = jobs.flatMap((job) => {
    const { plan, loaded } = job;
    const there = new Set(['_run_id', '_row', ...columnsOf(job)]);
    const list = listOf(columns, there);
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
