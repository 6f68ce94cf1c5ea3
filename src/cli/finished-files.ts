import type { Outcome } from '../ledger/outcomes.ts';
import { printJson, printTable } from './output.ts';

/** Prints what became of the files a command worked on, in the fields of `sluice.files` and `sluice.loads`. */
export function printOutcomes(outcomes: readonly Outcome[], json: boolean): void {
  if (json) printJson({ files: outcomes.map(asJson) });
  else if (outcomes.length > 0) printTable(COLUMNS, outcomes.flatMap(asRows));
}

const COLUMNS = ['run', 'file', 'entry', 'status', 'table', 'rows', 'rejected', 'seconds', 'error'];

function asRows(outcome: Outcome): unknown[][] {
  const { runId, file, status, seconds, errorCode, loads } = outcome;
  if (loads.length === 0) return [[runId, file.name, null, status, null, null, null, seconds, errorCode]];
  return loads.map((load) => {
    const { entryName, versionTable, rowsLoaded, rowsRejected } = load;
    const own = entryName === null ? { status, errorCode } : load;
    return [
      ...[runId, file.name, entryName, own.status, versionTable, rowsLoaded, rowsRejected, seconds],
      own.errorCode,
    ];
  });
}

function asJson(outcome: Outcome) {
  const { file, loads, kept, ...rest } = outcome;
  return {
    fileId: file.fileId,
    name: file.name,
    path: file.displayPath,
    sizeBytes: file.identity.size,
    ...rest,
    movedTo: kept?.displayPath ?? null,
    loads: loads.map((load) => ({ runId: outcome.runId, fileName: file.name, ...load })),
  };
}
