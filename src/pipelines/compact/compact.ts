import type { Pool } from 'pg';
import { toSluiceError } from '../../db/database-error.ts';
import { SluiceError } from '../../errors.ts';
import { type Batch, type CompactionRule, listOf, planCompaction } from './batches.ts';
import { compactBatch } from './compact-batch.ts';
import type { Compacted } from './compacted.ts';

export interface CompactionRequest {
  readonly stagingSchema: string;
  /** Null: all datasets. */
  readonly dataset: string | null;
  readonly rule: CompactionRule;
  /** Only says what would be folded. */
  readonly plan: boolean;
  readonly signal: AbortSignal;
}

/** Times that is looked anew for segments to fold, after somebody else has wanted some. */
const TRIES = 3;
const PAUSE_MS = 1_000;

/**
 * Folds old segments, one batch after the other. What one fails with is in its result; the others go on.
 *
 * @throws DATASET_UNKNOWN
 */
export async function compact(pool: Pool, request: CompactionRequest): Promise<Compacted[]> {
  const { stagingSchema, dataset, rule, signal } = request;
  if (dataset !== null) await refuseUnknown(pool, dataset);
  const plan = () => planCompaction(pool, stagingSchema, dataset, rule);
  if (request.plan) return (await plan()).map((batch) => described(batch, 'planned'));
  const results: Compacted[] = [];
  let yielded: Compacted[] = [];
  const done = new Set<string>();
  for (let attempt = 1; attempt <= TRIES && !signal.aborted; attempt++) {
    yielded = [];
    for (const batch of await plan()) {
      const key = listOf(batch.segments);
      if (signal.aborted || done.has(key)) continue;
      const result = await foldBatch(pool, batch, signal);
      if (result.errorCode === 'COMPACTION_YIELDED') yielded.push(result);
      else {
        results.push(result);
        done.add(key);
      }
    }
    if (yielded.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return [...results, ...yielded];
}

async function foldBatch(pool: Pool, batch: Batch, signal: AbortSignal): Promise<Compacted> {
  const began = performance.now();
  const seconds = () => Math.round(performance.now() - began) / 1000;
  try {
    const { schema, name } = await compactBatch(pool, batch, signal);
    return { ...described(batch, 'compacted'), mergedInto: `${schema}.${name}`, seconds: seconds() };
  } catch (thrown) {
    const { code: errorCode, message: errorMessage } = toSluiceError(thrown);
    return { ...described(batch, 'failed'), errorCode, errorMessage, seconds: seconds() };
  }
}

function described(batch: Batch, status: Compacted['status']): Compacted {
  const { dataset, version, segments, rows, bytes } = batch;
  return {
    ...{ dataset, versionTable: `${version.schema}.${version.name}`, segments: segments.length, rows, bytes },
    ...{ status, mergedInto: null, seconds: null, errorCode: null, errorMessage: null },
  };
}

async function refuseUnknown(pool: Pool, dataset: string): Promise<void> {
  const { rowCount } = await pool.query('select from sluice.dataset where name = $1', [dataset]);
  if (rowCount === 0) throw new SluiceError('DATASET_UNKNOWN', { dataset });
}
