import type { Outcome } from '../ledger/outcomes.ts';
import type { TablePlace } from './place.ts';
import {
  type EndType,
  type FinishedRun,
  type InputDataset,
  type LineageColumn,
  outputOf,
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
    runId: uuidOf(place.runName('run', runId, startedAt)),
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

function sourceOf({ file }: Outcome): InputDataset {
  const path = file.path.toString();
  if (file.origin !== 'pull') return { namespace: 'file', name: path };
  const [source = '', ...table] = path.replace(PULLED, '').split('/');
  return { namespace: `source:${source}`, name: table.join('/') };
}
