import type { LoadJobEntry } from '../../ledger/load-jobs.ts';
import type { RunningFile } from '../../ledger/runs.ts';
import { discardedColumns } from '../plan/run-plan.ts';
import type { PublishJob } from './publish-run.ts';
import type { RecordedLayout } from './record-layout.ts';

/** A published load job as the ledger keeps it. */
export function publishedEntry(
  { file, run }: RunningFile,
  { plan, loaded, startedAt }: PublishJob,
  layout: RecordedLayout,
  counts: { readonly rowsLoaded: number; readonly again: boolean },
): LoadJobEntry {
  return {
    runId: plan.correction?.runId ?? run.runId,
    fileId: file.fileId,
    entryName: plan.entryName,
    datasetId: layout.datasetId,
    versionId: layout.versionId,
    contentSha256: loaded.contentSha256,
    status: 'published',
    recordsRead: loaded.recordsRead,
    rowsLoaded: counts.rowsLoaded,
    rowsRejected: loaded.rejects.count,
    rowsSkipped: loaded.rowsSkipped,
    footer: loaded.footer,
    startedAt,
    dialect: plan.dialect,
    // Only a correction asks for it.
    described: loaded.rejects.count > 0 ? plan.described : null,
    head: loaded.head,
    segments: loaded.segments.map((segment) => segment.name),
    discarded: discardedColumns(plan),
    again: counts.again,
  };
}
