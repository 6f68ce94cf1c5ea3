import type { Pool, PoolClient } from 'pg';
import { SluiceError } from '../errors.ts';
import { type Claim, conditionOf, DELIVERED_AS } from './redelivery.ts';
import type { SourceFile } from './source-file.ts';
import { PUBLISHED_LOADS, type PublishedLoadRow } from './undo.ts';

/** A run that is loaded again, as it is now. */
export interface Replayed {
  readonly runId: number;
  readonly isPublished: boolean;
  /** Its rows were wanted although their content was published already. */
  readonly again: boolean;
}

/**
 * The run whose place a file takes; null for a delivery, and when the ledger has forgotten it.
 *
 * @throws RUN_SUPERSEDED when another has taken its place since the replay was asked for
 */
export async function readReplayed(client: Pool | PoolClient, file: SourceFile): Promise<Replayed | null> {
  if (file.replaysRunId === null) return null;
  const { rows } = await client.query<ReplayedRow>(REPLAYED, [file.replaysRunId]);
  const [row] = rows;
  if (row === undefined) return null;
  const { status, by, again } = row;
  const runId = file.replaysRunId;
  if (by !== null) throw new SluiceError('RUN_SUPERSEDED', { run: runId, file: file.displayPath, by });
  return { runId, isPublished: status === 'published', again };
}

interface ReplayedRow {
  status: string;
  by: number | null;
  again: boolean;
}

const REPLAYED = `
  select r.status,
         (select s.run_id from sluice.run s where s.run_id = r.superseded_by and s.status in ('published', 'superseded')) as by,
         exists (select from sluice.load_job l where l.run_id = r.run_id and l.status = 'published' and l.again) as again
    from sluice.run r where r.run_id = $1`;

/**
 * Refuses to put the older delivery in the place of a newer one: what is not published any more, or never was, is not loaded again once a
 * later delivery that counts as the same one is published.
 *
 * @throws RUN_OVERTAKEN
 */
export async function refuseOvertaken(
  client: Pool | PoolClient,
  file: SourceFile,
  replayed: Replayed | null,
  claims: readonly Claim[],
): Promise<void> {
  if (replayed === null || replayed.isPublished) return;
  for (const claim of claims) {
    const [condition, values] = conditionOf(claim);
    const { rows } = await client.query<PublishedLoadRow>(
      `${PUBLISHED_LOADS} and l.run_id <> $1 and d.name = $2 ${condition}
          and ${DELIVERED_AS} > (select ${DELIVERED_AS} from sluice.run r join sluice.source_file b using (file_id) where r.run_id = $1)
        order by l.load_id desc limit 1`,
      [replayed.runId, claim.dataset, ...values],
    );
    const [later] = rows;
    if (later === undefined) continue;
    const facts = { run: replayed.runId, file: file.displayPath, by: later.run_id, later: later.name };
    throw new SluiceError('RUN_OVERTAKEN', facts);
  }
}
