import path from 'node:path';
import { fitFileName } from '../../fit-file-name.ts';
import type { Outcome } from '../../ledger/outcomes.ts';
import { safeJsonLines } from '../../log/safe-text.ts';
import { writeSmallFile } from '../../whole-file.ts';

/** Writes `<exports>/receipts/<file name>.<run id>.json`: temporary name, fsync, rename. Writing it again changes nothing. */
export async function writeReceipt(
  exportsDir: string,
  outcome: Outcome,
  finalPath: string | null,
): Promise<void> {
  const target = path.join(exportsDir, 'receipts', fitFileName(outcome.file.name, `.${outcome.runId}.json`));
  const text = safeJsonLines(JSON.stringify(receiptOf(outcome, finalPath), null, 2));
  await writeSmallFile(target, Buffer.from(`${text}\n`));
}

function receiptOf(outcome: Outcome, finalPath: string | null) {
  const { file, loads } = outcome;
  return {
    file: file.name,
    path: file.displayPath,
    label: file.label,
    businessDate: outcome.businessDate,
    sizeBytes: file.identity.size,
    sha256: outcome.sha256,
    runId: outcome.runId,
    attempt: outcome.attempt,
    status: outcome.status,
    startedAt: outcome.startedAt.toISOString(),
    finishedAt: outcome.finishedAt.toISOString(),
    ...(outcome.undoneAt !== null && { undoneAt: outcome.undoneAt.toISOString() }),
    ...(outcome.supersededBy !== null && { supersededBy: outcome.supersededBy }),
    seconds: outcome.seconds,
    movedTo: finalPath,
    ...(outcome.errorCode !== null && {
      error: { code: outcome.errorCode, message: outcome.errorMessage, remedy: outcome.remedy },
    }),
    loads: loads.map(({ footer, ...load }) => ({ ...load, ...(footer !== null && { footer }) })),
    ...(outcome.checks.length > 0 && { checks: outcome.checks }),
    ...(outcome.skipped.length > 0 && { skippedEntries: outcome.skipped }),
    ...(outcome.notes.length > 0 && { notes: outcome.notes }),
  };
}
