import type { ToldModelRun } from '../ledger/openlineage.ts';
import type { TablePlace } from './place.ts';
import { type FinishedRun, outputOf, type StartedRun } from './run-event.ts';
import { uuidOf } from './run-uuid.ts';

/** A model is made by one process at a time: its name and the time say which run it is before the ledger has it. */
export function startedModel(
  { table, startedAt, inputs }: Pick<ToldModelRun, 'table' | 'startedAt' | 'inputs'>,
  place: TablePlace,
  namespace: string,
): StartedRun {
  return {
    runId: uuidOf(place.runName('model', table, startedAt)),
    job: { namespace, name: table },
    startedAt,
    inputs: inputs.map((name) => place.of(name)),
  };
}

export function modelRun(run: ToldModelRun, place: TablePlace, namespace: string): FinishedRun {
  const { finishedAt, error, columns } = run;
  const isFailed = error !== null;
  const rows = run.materialized === 'view' ? null : run.rowsWritten;
  return {
    ...startedModel(run, place, namespace),
    end: isFailed ? 'FAIL' : 'COMPLETE',
    ...{ finishedAt, error },
    outputs: isFailed ? [] : [outputOf(place.of(run.table), columns, rows)],
  };
}
