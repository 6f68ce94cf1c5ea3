import type { LayoutChange, LoadPlan } from '../pipelines/plan/run-plan.ts';
import { type RewriteCost, type TypeChange, widenedText } from '../pipelines/tables/rewrite-cost.ts';

export type Costs = readonly { readonly change: TypeChange; readonly cost: RewriteCost | null }[];

/** What a load would do to the tables of its dataset, one line each. */
export function changeLines(job: LoadPlan, costs: Costs): string[] {
  return job.changes.map((change) => lineOf(change, job, costs));
}

/** The contract that holds for a load, as it would be configured. */
export function contractLine({ contract }: LoadPlan): string {
  return Object.entries(contract)
    .map(([part, mode]) => `${part} ${mode}`)
    .join(', ');
}

function lineOf(change: LayoutChange, job: LoadPlan, costs: Costs): string {
  const { parent, version } = job;
  switch (change.kind) {
    case 'newDataset':
      return `the parent ${parent.schema}.${parent.name} is made, with ${count(job.parentColumns.length, 'column')}`;
    case 'newVersion':
      return `the version table ${version.schema}.${version.name} is made, as version ${change.version}`;
    case 'newColumn': {
      const { schema, name } = change.on === 'parent' ? parent : version;
      const beside = change.beside === undefined ? '' : `, beside ${change.beside}, which has another type`;
      return `column ${change.column} ${change.type} is added to ${schema}.${name}${beside}`;
    }
    case 'discardColumn':
      return `column ${change.column} of the file is left out: ${change.why}`;
    case 'missingColumn':
      return `column ${change.column} is missing in the file, and will be NULL`;
    case 'skipRecords':
      return 'no record is loaded: the contract makes no new table';
    case 'widenType':
      return widenedText(change, costs.find((one) => one.change === change)?.cost ?? null);
  }
}

function count(number: number, noun: string): string {
  return `${number} ${number === 1 ? noun : `${noun}s`}`;
}
