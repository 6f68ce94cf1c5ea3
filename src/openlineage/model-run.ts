import type { ToldModelRun } from '../ledger/openlineage.ts';
import type { TablePlace } from './place.ts';
import { type FinishedRun, outputOf } from './run-event.ts';
import { uuidOf } from './run-uuid.ts';

export function modelRun(run: ToldModelRun, place: TablePlace, namespace: string): FinishedRun {
  const { modelRunId, startedAt, finishedAt, error, inputs, columns } = run;
  const isFailed = error !== null;
  const rows = run.materialized === 'view' ? null : run.rowsWritten;
  return {
    runId: uuidOf(place.runName('model_run', modelRunId, startedAt)),
    job: { namespace, name: run.table },
    end: isFailed ? 'FAIL' : 'COMPLETE',
    ...{ startedAt, finishedAt, error },
    inputs: inputs.map((table) => place.of(table)),
    outputs: isFailed ? [] : [outputOf(place.of(run.table), columns, rows)],
  };
}
