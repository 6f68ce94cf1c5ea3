import type { Pool } from 'pg';
import type { Settings } from '../config/settings.ts';
import type { UpkeepSettings } from '../config/upkeep-settings.ts';
import { compact } from '../pipelines/compact/compact.ts';
import { sidecarsFor } from '../pipelines/sidecars.ts';
import { sweepSegments } from '../pipelines/tables/segments.ts';
import type { KeptUp } from './kept-up.ts';
import { forgetOldEntries } from './ledger-entries.ts';
import { isLimited } from './old-ones.ts';
import { removeSourceFiles } from './source-files.ts';
import type { Removed } from './try-each.ts';
import { removeLogs, removeReceipts, removeRejectFiles, removeTemporaryFiles } from './written-files.ts';

export interface UpkeepRequest {
  readonly pool: Pool;
  readonly settings: Pick<
    Settings,
    'importsDir' | 'exportsDir' | 'logsDir' | 'stagingSchema' | 'datasets' | 'upkeep'
  >;
  /** Only says what would be done. */
  readonly plan: boolean;
  readonly signal: AbortSignal;
}

/** True when there is a rule by which something is deleted or folded. */
export function hasRules(upkeep: UpkeepSettings): boolean {
  const { processed, failed, receipts, rejects, logs, ledger } = upkeep;
  const isKept = [processed, failed, receipts, rejects, logs, ledger].some(isLimited);
  return isKept || upkeep.compactDays !== null || upkeep.compactKeep !== null;
}

/**
 * Deletes what the rules say is old and nobody needs, and folds old segments. By itself, without a rule, it only clears away
 * what interrupted writes and loads have left. Source files go before the ledger forgets them.
 */
export async function upkeep(request: UpkeepRequest): Promise<KeptUp[]> {
  const { pool, settings, plan, signal } = request;
  const { importsDir, exportsDir, logsDir, upkeep: rules } = settings;
  const files = { pool, importsDir, sidecars: sidecarsFor(settings), plan, signal };
  const done: KeptUp[] = [];
  const when = async (what: KeptUp['what'], isWanted: boolean, work: () => Promise<Removed>) => {
    if (isWanted && !signal.aborted) done.push({ what, ...(await work()) });
  };
  for (const folder of ['processed', 'failed'] as const) {
    await when(`${folder} files`, isLimited(rules[folder]), () =>
      removeSourceFiles(files, folder, rules[folder]),
    );
  }
  await when('receipts', isLimited(rules.receipts), () => removeReceipts(exportsDir, rules.receipts, plan));
  await when('reject files', isLimited(rules.rejects), () =>
    removeRejectFiles(pool, exportsDir, rules.rejects, plan),
  );
  await when('log files', isLimited(rules.logs), () => removeLogs(logsDir, rules.logs, plan));
  await when('temporary files', true, () => removeTemporaryFiles(exportsDir, plan));
  const { days } = rules.ledger;
  if (days !== null) await when('ledger entries', true, () => forgetOldEntries(pool, days, plan, signal));
  await when('detached segments', !plan, async () => ({
    ...{ count: await sweepSegments(pool, settings.stagingSchema), bytes: 0, needed: 0, errors: [] },
  }));
  const { compactDays, compactKeep } = rules;
  await when('segments folded', compactDays !== null || compactKeep !== null, () =>
    fold(request, { olderThanDays: compactDays ?? 0, keep: compactKeep ?? 0 }),
  );
  return done;
}

async function fold(
  { pool, settings, plan, signal }: UpkeepRequest,
  rule: Parameters<typeof compact>[1]['rule'],
): Promise<Removed> {
  const { stagingSchema } = settings;
  const results = await compact(pool, { stagingSchema, dataset: null, rule, plan, signal });
  const folded = results.filter(({ status }) => status !== 'failed');
  return {
    count: folded.reduce((sum, { segments }) => sum + segments, 0),
    bytes: folded.reduce((sum, { bytes }) => sum + bytes, 0),
    needed: 0,
    errors: results.flatMap(({ errorCode, errorMessage }) =>
      errorCode === null ? [] : [`${errorCode}: ${errorMessage}`],
    ),
  };
}

/** What was done, in one line. */
export function upkeepLine(done: readonly KeptUp[]): string {
  const parts = done
    .filter(({ count, needed }) => count > 0 || needed > 0)
    .map(({ what, count, bytes, needed }) => {
      const size = bytes > 0 ? ` (${(bytes / 1e6).toFixed(1)} MB)` : '';
      return `${count} ${what}${size}${needed > 0 ? `, ${needed} needed` : ''}`;
    });
  return `upkeep: ${parts.length === 0 ? 'nothing to do' : parts.join(' | ')}`;
}
