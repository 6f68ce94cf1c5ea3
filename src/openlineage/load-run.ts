import type { SluiceError } from '../errors.ts';
import type { Outcome } from '../ledger/outcomes.ts';
import type { Run, RunningFile } from '../ledger/runs.ts';
import type { SourceFile } from '../ledger/source-file.ts';
import type { TablePlace } from './place.ts';
import {
  type EndType,
  type FinishedRun,
  type InputDataset,
  type LineageColumn,
  outputOf,
  type StartedRun,
} from './run-event.ts';
import { uuidOf } from './run-uuid.ts';

/** What a run is when it ends. What becomes of it later (retracted, superseded) ends no run. */
const ENDS: Readonly<Record<string, EndType>> = {
  published: 'COMPLETE',
  duplicate: 'COMPLETE',
  failed: 'FAIL',
  held: 'ABORT',
};
const PULLED = /^pull:/;

/** Errors that break an attempt off, rather than being what went wrong in it. */
const BREAKING_OFF = new Set(['RUN_STOPPED', 'RUN_TAKEN_OVER', 'FILE_CHANGED', 'FILE_VANISHED']);

/** The job is the dataset; the file where that is one of several, or none. */
export function startedLoad(
  { file, run }: RunningFile,
  datasets: readonly string[],
  place: TablePlace,
  namespace: string,
): StartedRun {
  const [dataset, ...others] = datasets;
  return {
    runId: loadRunId(run, place),
    job: { namespace, name: dataset === undefined || others.length > 0 ? file.displayPath : dataset },
    startedAt: run.startedAt,
    inputs: [sourceOf({ file })],
  };
}

/** An attempt, which is a run of its own: the next one begins at another time. */
export function loadRunId({ runId, startedAt }: Pick<Run, 'runId' | 'startedAt'>, place: TablePlace): string {
  return uuidOf(place.runName('run', runId, startedAt));
}

export function endOfAttempt({ code, kind }: SluiceError): EndType {
  return kind === 'transient' && !BREAKING_OFF.has(code) ? 'FAIL' : 'ABORT';
}

/** Null when the outcome is not the end of a run. */
export function loadRun(
  outcome: Outcome,
  columns: ReadonlyMap<string, readonly LineageColumn[]>,
  place: TablePlace,
  namespace: string,
): FinishedRun | null {
  const { status, runId, startedAt, finishedAt, errorCode, errorMessage } = outcome;
  const end = errorCode === 'PULL_INTERRUPTED' ? 'ABORT' : ENDS[status];
  if (end === undefined) return null;
  return {
    ...{ end, startedAt, finishedAt },
    runId: loadRunId({ runId, startedAt }, place),
    job: { namespace, name: jobName(outcome) },
    error: errorCode === null || end === 'COMPLETE' ? null : `${errorCode}: ${errorMessage}`,
    inputs: [sourceOf(outcome)],
    outputs: [...rowsByTable(outcome)].map(([table, rows]) =>
      outputOf(place.of(table), columns.get(table) ?? null, rows),
    ),
  };
}

/** Rows that a run published, by version table. */
export function rowsByTable({ status, loads }: Outcome): Map<string, number> {
  const rows = new Map<string, number>();
  for (const load of status === 'published' ? loads : []) {
    const { versionTable: table, rowsLoaded } = load;
    if (table !== null && load.status === 'published') rows.set(table, (rows.get(table) ?? 0) + rowsLoaded);
  }
  return rows;
}

/** The dataset; the file where it has none, or several. Of a file that is not published its checks may know it alone. */
function jobName({ file, loads, checks }: Outcome): string {
  const [dataset, ...others] = new Set([...loads, ...checks].flatMap((one) => one.dataset ?? []));
  return dataset === undefined || others.length > 0 ? file.displayPath : dataset;
}

function sourceOf({ file }: { readonly file: SourceFile }): InputDataset {
  const path = file.path.toString();
  if (file.origin !== 'pull') return { namespace: 'file', name: path };
  const [source = '', ...table] = path.replace(PULLED, '').split('/');
  return { namespace: `source:${source}`, name: table.join('/') };
}
